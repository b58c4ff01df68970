/**
 * SHA-256 of a short text, lower-case hex. Loading node:crypto for one digest of a path would cost every command more
 * than the digest itself; a test holds it against node:crypto.
 */
export function sha256(text: string): string {
  const words = padded(new TextEncoder().encode(text));
  const hash = Int32Array.from({ length: 8 }, (_, index) => fraction(Math.sqrt(prime(index))));
  const rounds = Int32Array.from({ length: 64 }, (_, index) => fraction(Math.cbrt(prime(index))));
  const schedule = new Int32Array(64);
  for (let block = 0; block < words.length; block += 16) {
    for (let i = 0; i < 64; i++) schedule[i] = i < 16 ? at(words, block + i) : extended(schedule, i);
    compress(hash, schedule, rounds);
  }
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

const primes: number[] = [];

function prime(index: number): number {
  for (let candidate = (primes.at(-1) ?? 1) + 1; primes.length <= index; candidate++) {
    if (primes.every((one) => candidate % one !== 0)) primes.push(candidate);
  }
  return at(primes, index);
}

function fraction(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) | 0;
}

function padded(bytes: Uint8Array): Int32Array {
  const blocks = Math.ceil((bytes.length + 9) / 64);
  const words = new Int32Array(blocks * 16);
  const put = (index: number, byte: number): void => {
    words[index >> 2] = at(words, index >> 2) | (byte << (24 - (index % 4) * 8));
  };
  bytes.forEach((byte, index) => put(index, byte));
  put(bytes.length, 0x80);
  words[words.length - 1] = bytes.length * 8;
  return words;
}

function extended(schedule: Int32Array, i: number): number {
  const [early, late] = [at(schedule, i - 15), at(schedule, i - 2)];
  const small = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
  const large = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
  return (at(schedule, i - 16) + small + at(schedule, i - 7) + large) | 0;
}

function compress(hash: Int32Array, schedule: Int32Array, rounds: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g);
    const first = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + at(rounds, i) + at(schedule, i)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => {
    hash[index] = at(hash, index) + value;
  });
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function at(numbers: ArrayLike<number>, index: number): number {
  return numbers[index] ?? 0;
}
