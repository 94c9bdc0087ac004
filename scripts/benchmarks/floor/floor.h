// What the files of this program share.
#pragma once
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// The monotonic clock in ns.
static inline int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// A growing list of times in ns.
struct times {
  int64_t *at;
  size_t count, room;
};

void times_add(struct times *times, int64_t time);
// Sorts, and gives the time below which this share of them lies (0 to 1), in us.
double times_share(struct times *times, double share);

_Noreturn void fail(const char *what);
void write_all(int fd, const void *data, size_t count);
// Starts a program with its output in a pipe; gives the reading end.
int start(char **command, pid_t *child);

int spawn(int count, char **arguments);
int generate(int count, char **arguments);
int tick(int count, char **arguments);
int log_floor(int count, char **arguments);
int follow_floor(int count, char **arguments);
int lag(int count, char **arguments);
int sync_floor(int count, char **arguments);
int ask(int count, char **arguments);
int calls(int count, char **arguments);
int streams(int count, char **arguments);
