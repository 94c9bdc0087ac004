// A program's output into a file: by splice(2), which copies nothing, and with the time before each line, as ts(1) does.
#include "floor.h"

#include <fcntl.h>
#include <sys/wait.h>

enum { Block = 1 << 20, Stamp = 28 };

static void by_splice(int from, int to) {
  while (splice(from, NULL, to, NULL, Block, SPLICE_F_MOVE) > 0) {}
}

// One time for all lines that came together.
static size_t stamp(char *text) {
  struct timespec t;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &t);
  gmtime_r(&t.tv_sec, &parts);
  size_t head = strftime(text, Stamp, "%Y-%m-%dT%H:%M:%S", &parts);
  return head + (size_t)snprintf(text + head, Stamp + 1 - head, ".%06ldZ ", t.tv_nsec / 1000);
}

static void by_line(int from, int to) {
  char *in = malloc(2 * Block), *out = malloc(4 * Block), time[Stamp + 8];
  if (!in || !out) fail("malloc");
  size_t kept = 0;
  for (ssize_t got; (got = read(from, in + kept, Block)) > 0;) {
    char *line = in, *end = in + kept + got, *newline;
    size_t made = 0, head = stamp(time);
    for (; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
      memcpy(out + made, time, head);
      memcpy(out + made + head, line, (size_t)(newline + 1 - line));
      made += head + (size_t)(newline + 1 - line);
      if (made > 2 * Block) {
        write_all(to, out, made);
        made = 0;
      }
    }
    write_all(to, out, made);
    kept = (size_t)(end - line);
    memmove(in, line, kept);
  }
  write_all(to, in, kept);
}

int log_floor(int count, char **arguments) {
  (void)count;
  int to = open(arguments[1], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (to < 0) fail(arguments[1]);
  pid_t child;
  int status;
  int64_t begun = now();
  int from = start(arguments + 2, &child);
  if (!strcmp(arguments[0], "splice")) by_splice(from, to);
  else by_line(from, to);
  if (waitpid(child, &status, 0) < 0) fail("waitpid");
  printf("%.4f\n", (double)(now() - begun) / 1e9);
  return status;
}

// What a commit that is on the disk costs at least.
int sync_floor(int count, char **arguments) {
  (void)count;
  int file = open(arguments[0], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) fail(arguments[0]);
  struct times times = {0};
  static const char page[4096];
  for (int i = atoi(arguments[1]); i > 0; i--) {
    int64_t from = now();
    write_all(file, page, sizeof page);
    if (fdatasync(file)) fail("fdatasync");
    times_add(&times, now() - from);
  }
  printf("%.1f\n", times_share(&times, 0.5));
  return 0;
}
