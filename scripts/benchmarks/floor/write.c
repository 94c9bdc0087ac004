// What the measured steps print.
#include "floor.h"

enum { Line = 80 };

int generate(int count, char **arguments) {
  (void)count;
  int64_t left = atoll(arguments[0]);
  size_t chunk = strtoul(arguments[1], NULL, 10) / Line * Line;
  char *lines = malloc(chunk);
  if (!lines) fail("malloc");
  memset(lines, 'x', chunk);
  for (size_t end = Line - 1; end < chunk; end += Line) lines[end] = '\n';
  for (; left > 0; left -= (int64_t)chunk) write_all(1, lines, left < (int64_t)chunk ? (size_t)left : chunk);
  return 0;
}

int tick(int count, char **arguments) {
  (void)count;
  int lines = atoi(arguments[0]);
  long each = atol(arguments[1]) * 1000;
  struct timespec due;
  clock_gettime(CLOCK_MONOTONIC, &due);
  for (int i = 0; i < lines; i++) {
    due.tv_nsec += each;
    due.tv_sec += due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    char line[Line + 1];
    int head = snprintf(line, sizeof line, "T=%lld #%d ", (long long)now(), i);
    memset(line + head, '.', (size_t)(Line - 1 - head));
    line[Line - 1] = '\n';
    write_all(1, line, Line);
  }
  return 0;
}
