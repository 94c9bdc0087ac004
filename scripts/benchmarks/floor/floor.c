// What the machine itself can do, and what reads from a server as fast as it can: for scripts/bench to compare with.
//
//   spawn N COMMAND...       starts a command N times, one after another, with a pipe for each output; prints us each
//   generate BYTES CHUNK     prints lines of 80 bytes in writes of CHUNK bytes
//   tick N US                prints lines of 80 bytes with the monotonic clock, one each US microseconds
//   log splice|stamp FILE COMMAND...
//                            a command's output into a file, as it is or with the time before each line; prints seconds
//   follow PORT FILE COMMAND...
//                            a command's output into a file, and from there to whoever connects to the port
//   lag PORT                 connects to the port, and prints how late tick's lines come: p50 and p95 in us
//   sync FILE N              appends 4 KiB and has it written to the disk, N times; prints the median in us
//   ask SOCKET PATH REQUEST  makes one call; request and answer are messages in hex
//   calls SOCKET PATH REQUEST CONNECTIONS STREAMS N
//                            makes N calls, as many at once as connections x streams; prints calls a second, and p50 in us
//   streams SOCKET PATH REQUEST CONNECTIONS STREAMS BYTES|lag
//                            reads that many streams to their ends, or each until it has given so many bytes; see grpc.c
#include "floor.h"

#include <fcntl.h>
#include <sys/wait.h>

void times_add(struct times *times, int64_t time) {
  if (times->count == times->room) {
    times->room = times->room ? 2 * times->room : 1024;
    times->at = realloc(times->at, times->room * sizeof *times->at);
    if (!times->at) fail("realloc");
  }
  times->at[times->count++] = time;
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

double times_share(struct times *times, double share) {
  if (!times->count) return 0;
  qsort(times->at, times->count, sizeof *times->at, compare);
  return times->at[(size_t)(share * (double)(times->count - 1))] / 1e3;
}

void fail(const char *what) {
  perror(what);
  exit(1);
}

void write_all(int fd, const void *data, size_t count) {
  for (const char *at = data; count > 0;) {
    ssize_t written = write(fd, at, count);
    if (written <= 0) fail("write");
    at += written;
    count -= (size_t)written;
  }
}

int start(char **command, pid_t *child) {
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC)) fail("pipe");
  *child = fork();
  if (*child < 0) fail("fork");
  if (*child == 0) {
    dup2(pipe[1], 1);
    execvp(command[0], command);
    _exit(127);
  }
  close(pipe[1]);
  return pipe[0];
}

int main(int count, char **arguments) {
  static const struct {
    const char *name;
    int least;
    int (*run)(int, char **);
  } parts[] = {
    {"spawn", 2, spawn}, {"generate", 2, generate}, {"tick", 2, tick}, {"log", 3, log_floor}, {"follow", 3, follow_floor},
    {"lag", 1, lag}, {"sync", 2, sync_floor}, {"ask", 3, ask}, {"calls", 6, calls}, {"streams", 6, streams},
  };
  for (size_t i = 0; count > 1 && i < sizeof parts / sizeof *parts; i++) {
    if (!strcmp(arguments[1], parts[i].name) && count - 2 >= parts[i].least) return parts[i].run(count - 2, arguments + 2);
  }
  fprintf(stderr, "see the head of floor.c\n");
  return 2;
}
