/*
 * The baseline and the clocks of the benchmark. One small program, so that what is measured around it costs next
 * to nothing:
 *
 *   posix_spawn rate N K          spawn and wait for /bin/true N times, K in flight; prints starts per second
 *   posix_spawn stamp             print CLOCK_REALTIME in ns and end at once
 *   posix_spawn ticks N MS        print that clock N times, one line each MS milliseconds
 *   posix_spawn timed CMD ARG...  run a command with its output thrown away; prints "wall_us cpu_us status"
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (long long)t.tv_sec * 1000000000LL + t.tv_nsec;
}

static pid_t start(char **argv, posix_spawn_file_actions_t *actions) {
  pid_t pid;
  if (posix_spawnp(&pid, argv[0], actions, NULL, argv, environ) != 0) {
    perror("posix_spawn");
    exit(1);
  }
  return pid;
}

static void rate(int total, int flight) {
  char *argv[] = {"/bin/true", NULL};
  int started = 0, ended = 0;
  long long began = now_ns(CLOCK_MONOTONIC);
  while (ended < total) {
    while (started < total && started - ended < flight) {
      start(argv, NULL);
      started++;
    }
    if (wait(NULL) > 0) ended++;
  }
  printf("%.1f\n", total * 1e9 / (now_ns(CLOCK_MONOTONIC) - began));
}

static void stamp(void) {
  char line[32];
  int length = snprintf(line, sizeof line, "%lld\n", now_ns(CLOCK_REALTIME));
  if (write(1, line, length) != length) _exit(1);
}

static void timed(char **argv) {
  posix_spawn_file_actions_t actions;
  struct rusage usage;
  int status;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  long long began = now_ns(CLOCK_MONOTONIC);
  pid_t pid = start(argv, &actions);
  wait4(pid, &status, 0, &usage);
  long long wall = now_ns(CLOCK_MONOTONIC) - began;
  long long cpu = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  printf("%lld %lld %d\n", wall / 1000, cpu, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "rate") == 0) rate(atoi(argv[2]), atoi(argv[3]));
  else if (argc == 2 && strcmp(argv[1], "stamp") == 0) stamp();
  else if (argc == 4 && strcmp(argv[1], "ticks") == 0) {
    struct timespec pause = {atoi(argv[3]) / 1000, (atoi(argv[3]) % 1000) * 1000000L};
    for (int i = 0; i < atoi(argv[2]); i++) {
      nanosleep(&pause, NULL);
      stamp();
    }
  } else if (argc > 2 && strcmp(argv[1], "timed") == 0) timed(argv + 2);
  else {
    fputs("usage: posix_spawn rate N K | stamp | ticks N MS | timed CMD ARG...\n", stderr);
    return 2;
  }
  return 0;
}
