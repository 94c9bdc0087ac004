// The cost of starting a program and collecting what it prints and how it ended: nothing can run a step for less.
#include "floor.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

// Until both are at their end.
static void drain(int out, int err) {
  struct pollfd ends[] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  char buffer[65536];
  for (int open = 2; open > 0;) {
    if (poll(ends, 2, -1) < 0) fail("poll");
    for (int i = 0; i < 2; i++) {
      if (ends[i].revents && read(ends[i].fd, buffer, sizeof buffer) <= 0) {
        close(ends[i].fd);
        ends[i].fd = -1;
        open--;
      }
    }
  }
}

static void spawn_one(char **command) {
  int out[2], err[2], status;
  pid_t pid;
  if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) fail("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  if (posix_spawnp(&pid, command[0], &actions, NULL, command, environ)) fail(command[0]);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  drain(out[0], err[0]);
  if (waitpid(pid, &status, 0) < 0) fail("waitpid");
}

int spawn(int count, char **arguments) {
  (void)count;
  int times = atoi(arguments[0]);
  int64_t from = now();
  for (int i = 0; i < times; i++) spawn_one(arguments + 1);
  printf("%.1f\n", (double)(now() - from) / times / 1e3);
  return 0;
}
