// The least that follows a program live: its output goes to a file, and a second thread, told by an eventfd, sends what is
// new in the file to a socket.
#include "floor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct {
  int news, file, client;
  atomic_long written;
  atomic_bool done;
} s;

static struct sockaddr_in loopback(const char *port) {
  return (struct sockaddr_in){
    .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void *send_news(void *nothing) {
  char buffer[65536];
  uint64_t told;
  long sent = 0;
  while (!(s.done && sent == s.written) && read(s.news, &told, sizeof told) == sizeof told) {
    while (sent < s.written) {
      ssize_t got = pread(s.file, buffer, sizeof buffer, sent);
      if (got <= 0) fail("pread");
      write_all(s.client, buffer, (size_t)got);
      sent += got;
    }
  }
  return nothing;
}

static void tell(void) {
  uint64_t one = 1;
  write_all(s.news, &one, sizeof one);
}

static int accepted(const char *port) {
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback(port);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) fail("listen");
  int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) fail("accept");
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return client;
}

int follow_floor(int count, char **arguments) {
  (void)count;
  s.file = open(arguments[1], O_CREAT | O_TRUNC | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
  s.news = eventfd(0, EFD_CLOEXEC);
  s.client = accepted(arguments[0]);
  pthread_t sender;
  pthread_create(&sender, NULL, send_news, NULL);
  pid_t child;
  int status, from = start(arguments + 2, &child);
  char buffer[65536];
  for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0; tell()) {
    write_all(s.file, buffer, (size_t)got);
    s.written += got;
  }
  s.done = 1;
  tell();
  pthread_join(sender, NULL);
  return waitpid(child, &status, 0) < 0;
}

int lag(int count, char **arguments) {
  (void)count;
  struct sockaddr_in address = loopback(arguments[0]);
  int server;
  // The other side may not listen yet.
  for (int tries = 0;; tries++) {
    server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!connect(server, (struct sockaddr *)&address, sizeof address)) break;
    if (tries == 500) fail("connect");
    close(server);
    usleep(10000);
  }
  struct times late = {0};
  char *line = NULL;
  size_t size = 0;
  FILE *lines = fdopen(server, "r");
  while (getline(&line, &size, lines) > 0) {
    int64_t at = now();
    if (!strncmp(line, "T=", 2)) times_add(&late, at - atoll(line + 2));
  }
  printf("%.1f %.1f\n", times_share(&late, 0.5), times_share(&late, 0.95));
  return 0;
}
