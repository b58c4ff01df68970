/**
 * SHA-256 of a short text, lower-case hex. Loading node:crypto for one digest of a path would cost every command more
 * than the digest itself; a test holds it against node:crypto. It runs once in a process, before anything is compiled,
 * so it is written for the interpreter: plain loops, no closures, nothing allocated on the way.
 */
export function sha256(text: string): string {
  const words = padded(new TextEncoder().encode(text));
  const hash = new Int32Array(8);
  const rounds = new Int32Array(64);
  const primes = firstPrimes(64);
  for (let i = 0; i < 64; i++) rounds[i] = fraction(Math.cbrt(at(primes, i)));
  for (let i = 0; i < 8; i++) hash[i] = fraction(Math.sqrt(at(primes, i)));
  const schedule = new Int32Array(64);
  for (let block = 0; block < words.length; block += 16) {
    for (let i = 0; i < 64; i++) schedule[i] = i < 16 ? at(words, block + i) : extended(schedule, i);
    compress(hash, schedule, rounds);
  }
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function firstPrimes(count: number): readonly number[] {
  const found = [2];
  for (let candidate = 3; found.length < count; candidate += 2) {
    let at = 0;
    while (found[at]! ** 2 <= candidate && candidate % found[at]! !== 0) at++;
    if (found[at]! ** 2 > candidate) found.push(candidate);
  }
  return found;
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
  let [a, b, c, d] = [at(hash, 0), at(hash, 1), at(hash, 2), at(hash, 3)];
  let [e, f, g, h] = [at(hash, 4), at(hash, 5), at(hash, 6), at(hash, 7)];
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g);
    const first = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + at(rounds, i) + at(schedule, i)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
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
