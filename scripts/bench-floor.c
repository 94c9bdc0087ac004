// What the machine itself can do, for scripts/bench to compare with:
//   spawn N     starts "bash -c true" N times, one after another, with a pipe for each output; prints ms each
//   tick N MS   prints the monotonic clock in ns, a line each MS milliseconds
//   lag         reads lines that end in such a clock, and prints how late they came: p50 and p95 in us
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void drain(int fd) {
  char buffer[4096];
  while (read(fd, buffer, sizeof buffer) > 0) {}
  close(fd);
}

static void spawn_one(void) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) exit(1);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  char *argv[] = {"bash", "-c", "true", NULL};
  pid_t pid;
  if (posix_spawn(&pid, "/bin/bash", &actions, NULL, argv, environ)) exit(1);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  drain(out[0]);
  drain(err[0]);
  waitpid(pid, NULL, 0);
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

static void lag(void) {
  static int64_t late[1000000];
  size_t count = 0;
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0 && count < sizeof late / sizeof *late) {
    int64_t at = now();
    char *blank = strrchr(line, ' ');
    int64_t sent = strtoll(blank ? blank + 1 : line, NULL, 10);
    if (sent > 1000000 && sent <= at) late[count++] = at - sent;
  }
  if (!count) exit(1);
  qsort(late, count, sizeof *late, compare);
  printf("%lld %lld\n", (long long)late[count / 2] / 1000, (long long)late[count * 95 / 100] / 1000);
}

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "spawn")) {
    int n = atoi(argv[2]);
    int64_t from = now();
    for (int i = 0; i < n; i++) spawn_one();
    printf("%.2f\n", (now() - from) / 1e6 / n);
  } else if (argc == 4 && !strcmp(argv[1], "tick")) {
    for (int i = atoi(argv[2]); i > 0; i--) {
      poll(NULL, 0, atoi(argv[3]));
      printf("%lld\n", (long long)now());
      fflush(stdout);
    }
  } else if (argc == 2 && !strcmp(argv[1], "lag")) {
    lag();
  } else {
    return 2;
  }
  return 0;
}
