// Speaks HTTP/2 by hand, as far as it takes to make gRPC calls: a gRPC library would use more of the machine than the server
// does. RFC 9113 (frames), RFC 7541 (headers, in the forms without a table).
#include "floor.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { Data, Headers, Reset = 3, Settings, Ping = 6, GoAway, WindowUpdate };
enum { Ack = 1, EndStream = 1, EndHeaders = 4, FrameHead = 9, Room = 1 << 20, LongestLine = 128 };
#define LARGEST_WINDOW 0x7fffffffU

// One call that is open. "kept": the end of what came, for a line that goes on in the next frame.
struct call {
  int64_t begun, bytes, first, line;
  size_t have;
  char kept[2 * LongestLine];
};

struct connection {
  int fd;
  uint32_t next;
  size_t have, made;
  uint8_t *in, *out;
  struct call *calls;
};

static struct {
  uint8_t request[4096];
  size_t length;
  const char *path;
  int connections, streams, slots;
  struct connection *all;
} s;

static void frame(struct connection *c, int type, int flags, uint32_t stream, const void *payload, size_t length) {
  uint8_t head[FrameHead] = {
    (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, (uint8_t)type, (uint8_t)flags,
    (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};
  memcpy(c->out + c->made, head, sizeof head);
  if (length) memcpy(c->out + c->made + sizeof head, payload, length);
  c->made += sizeof head + length;
}

static void flush_out(struct connection *c) {
  write_all(c->fd, c->out, c->made);
  c->made = 0;
}

static size_t text(uint8_t *to, const char *value) {
  size_t length = strlen(value);
  *to = (uint8_t)length;
  memcpy(to + 1, value, length);
  return length + 1;
}

static struct call *call_of(struct connection *c, uint32_t stream) { return &c->calls[stream / 2 % (uint32_t)s.slots]; }

static void begin(struct connection *c) {
  uint8_t head[512] = {0x83, 0x86, 0x04};
  size_t length = 3;
  length += text(head + length, s.path);
  head[length++] = 0x01;
  length += text(head + length, "bench");
  head[length++] = 0x0f;
  head[length++] = 0x10;
  length += text(head + length, "application/grpc");
  head[length++] = 0x00;
  length += text(head + length, "te");
  length += text(head + length, "trailers");
  if (c->made + length + s.length + 64 > Room) flush_out(c);
  *call_of(c, c->next) = (struct call){.begun = now()};
  frame(c, Headers, EndHeaders, c->next, head, length);
  frame(c, Data, EndStream, c->next, s.request, s.length);
  c->next += 2;
}

static void connect_to(struct connection *c, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail(path);
  c->in = malloc(Room);
  c->out = malloc(Room);
  c->calls = calloc((size_t)s.slots, sizeof *c->calls);
  c->next = 1;
  if (!c->in || !c->out || !c->calls) fail("malloc");
  static const uint8_t window[] = {0, 4, 0x7f, 0xff, 0xff, 0xff}, more[] = {0x7f, 0xfe, 0xff, 0xff};
  memcpy(c->out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
  c->made = 24;
  frame(c, Settings, 0, 0, window, sizeof window);
  frame(c, WindowUpdate, 0, 0, more, sizeof more);
  frame(c, Settings, Ack, 0, NULL, 0);
}

typedef void on_frame(struct connection *c, int type, int flags, uint32_t stream, uint8_t *payload, size_t length);

// Deals with every whole frame that came.
static void receive(struct connection *c, on_frame *deal) {
  ssize_t got = recv(c->fd, c->in + c->have, Room - c->have, 0);
  if (got <= 0) {
    fprintf(stderr, "the server closed a connection\n");
    exit(1);
  }
  c->have += (size_t)got;
  uint8_t *at = c->in, *end = c->in + c->have;
  while (end - at >= FrameHead) {
    size_t length = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
    if ((size_t)(end - at) < FrameHead + length) break;
    uint32_t stream = (uint32_t)at[5] << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8];
    if (at[3] == Ping && !(at[4] & Ack)) frame(c, Ping, Ack, 0, at + FrameHead, length);
    if (at[3] == Reset || at[3] == GoAway) {
      fprintf(stderr, "the server refused a call\n");
      exit(1);
    }
    deal(c, at[3], at[4], stream, at + FrameHead, length);
    at += FrameHead + length;
  }
  c->have = (size_t)(end - at);
  memmove(c->in, at, c->have);
  if (c->made) flush_out(c);
}

static void open_all(char **arguments) {
  s.path = arguments[1];
  s.length = strlen(arguments[2]) / 2 + 5;
  if (s.length > sizeof s.request) fail("a request of that size");
  s.request[4] = (uint8_t)(s.length - 5);
  for (size_t i = 0; i < s.length - 5; i++) sscanf(arguments[2] + 2 * i, "%2hhx", &s.request[5 + i]);
  s.connections = atoi(arguments[3]);
  s.streams = atoi(arguments[4]);
  // Calls overtake each other.
  s.slots = 16 * s.streams;
  s.all = calloc((size_t)s.connections, sizeof *s.all);
  for (int i = 0; i < s.connections; i++) connect_to(&s.all[i], arguments[0]);
}

static void receive_until(const int64_t *left, on_frame *deal) {
  struct pollfd *polled = calloc((size_t)s.connections, sizeof *polled);
  for (int i = 0; i < s.connections; i++) polled[i] = (struct pollfd){s.all[i].fd, POLLIN, 0};
  while (*left > 0) {
    if (poll(polled, (nfds_t)s.connections, -1) < 0) fail("poll");
    for (int i = 0; i < s.connections && *left > 0; i++) {
      if (polled[i].revents) receive(&s.all[i], deal);
    }
  }
}

static struct {
  int64_t unbegun, left, bytes, wanted, disordered;
  int lags;
  struct times times, first;
} t;

static void on_call(struct connection *c, int type, int flags, uint32_t stream, uint8_t *payload, size_t length) {
  (void)payload;
  if (type == Data) t.bytes += (int64_t)length;
  if ((type != Headers && type != Data) || !(flags & EndStream)) return;
  times_add(&t.times, now() - call_of(c, stream)->begun);
  t.left--;
  if (t.unbegun-- > 0) begin(c);
}

int calls(int count, char **arguments) {
  (void)count;
  open_all(arguments);
  int64_t wanted = atoll(arguments[5]);
  t.left = wanted;
  t.unbegun = wanted - (int64_t)s.connections * s.streams;
  int64_t from = now();
  for (int i = 0; i < s.connections; i++) {
    for (int j = 0; j < s.streams; j++) begin(&s.all[i]);
    flush_out(&s.all[i]);
  }
  receive_until(&t.left, on_call);
  // All answers are alike, so what is no answer shows in the bytes.
  printf("%.0f %.1f %.1f\n", (double)wanted / ((double)(now() - from) / 1e9), times_share(&t.times, 0.5), (double)t.bytes / (double)wanted);
  return 0;
}

static void on_answer(struct connection *c, int type, int flags, uint32_t stream, uint8_t *payload, size_t length) {
  (void)c, (void)stream;
  for (size_t i = 0; type == Data && i < length; i++) printf("%02x", payload[i]);
  if ((type == Data || type == Headers) && flags & EndStream) t.left--;
}

// Prints what comes as an answer in hex: a byte and four of length, and the message.
int ask(int count, char **arguments) {
  (void)count;
  open_all((char *[]){arguments[0], arguments[1], arguments[2], "1", "1"});
  t.left = 1;
  begin(&s.all[0]);
  flush_out(&s.all[0]);
  receive_until(&t.left, on_answer);
  printf("\n");
  return 0;
}

// tick's lines: how late, and whether each is the one after the last.
static void find_lines(struct call *call, const uint8_t *payload, size_t length, int64_t at) {
  while (length > 0) {
    size_t taken = sizeof call->kept - 1 - call->have < length ? sizeof call->kept - 1 - call->have : length;
    memcpy(call->kept + call->have, payload, taken);
    call->have += taken;
    payload += taken;
    length -= taken;
    char *from = call->kept, *end = call->kept + call->have, *newline;
    for (; (newline = memchr(from, '\n', (size_t)(end - from))); from = newline + 1) {
      *newline = 0;
      char *line = memmem(from, (size_t)(newline - from), "T=", 2), *number = line ? strchr(line, '#') : NULL;
      if (!number) continue;
      times_add(&t.times, at - atoll(line + 2));
      int64_t found = atoll(number + 1);
      if (call->line && found != call->line) t.disordered++;
      call->line = found + 1;
    }
    // What cannot begin a line of ours may go.
    if (end - from > LongestLine) from = end - LongestLine;
    call->have = (size_t)(end - from);
    memmove(call->kept, from, call->have);
  }
}

static void on_stream(struct connection *c, int type, int flags, uint32_t stream, uint8_t *payload, size_t length) {
  if (type != Headers && type != Data) return;
  struct call *call = call_of(c, stream);
  if (type == Data) {
    int64_t at = now(), before = call->bytes;
    t.bytes += (int64_t)length;
    call->bytes += (int64_t)length;
    if (!before) times_add(&t.first, at - call->begun);
    if (t.lags) find_lines(call, payload, length, at);
    if (t.wanted && before < t.wanted && call->bytes >= t.wanted) t.left--;
  }
  if (flags & EndStream && !(t.wanted && call->bytes >= t.wanted)) t.left--;
}

// Prints: seconds, bytes, p50 of the time to a stream's first bytes in us; p50 and p95 of the lines' lag in us, lines, and
// how many of them did not come after the one before.
int streams(int count, char **arguments) {
  (void)count;
  open_all(arguments);
  t.left = (int64_t)s.connections * s.streams;
  t.lags = !strcmp(arguments[5], "lag");
  t.wanted = t.lags ? 0 : atoll(arguments[5]);
  int64_t from = now();
  for (int i = 0; i < s.connections; i++) {
    for (int j = 0; j < s.streams; j++) begin(&s.all[i]);
    flush_out(&s.all[i]);
  }
  receive_until(&t.left, on_stream);
  double seconds = (double)(now() - from) / 1e9;
  printf("%.5f %lld %.1f ", seconds, (long long)t.bytes, times_share(&t.first, 0.5));
  printf("%.1f %.1f ", times_share(&t.times, 0.5), times_share(&t.times, 0.95));
  printf("%zu %lld\n", t.times.count, (long long)t.disordered);
  return 0;
}
