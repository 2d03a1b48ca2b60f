/*
 * relayload: media-like packets through a TURN relay, in one thread. Each flow is a client with an allocation and a channel,
 * and a peer socket behind it. Packets are paced, carry the time they were sent at, and are counted where they come out.
 *   relayload --server IP:PORT --user U --realm R --key HEX [--rate PPS | --search]
 * --wire channel   ChannelData on the client's side (default)
 * --wire raw       no TURN at all: flow i of a bare relay has the ports PORT+2i (client) and PORT+2i+1 (peer)
 * --dir up|down    client to peer (default), or back
 * --key is MD5(user:realm:password) of RFC 8489 section 9.2.2, so that only SHA-1 is needed here.
 * Loopback only, bounded in rate (--max-rate) and time (--limit-s).
 */
#include "common.h"

#define MAX_FLOWS 256
#define MAX_PACKET 1500
#define BATCH 32
#define COOKIE 0x2112a442u
enum { ALLOCATE = 0x003, CHANNEL_BIND = 0x009, ERROR_BIT = 0x0110, SUCCESS_BIT = 0x0100 };
enum { USERNAME = 0x06, INTEGRITY = 0x08, ERROR_CODE = 0x09, CHANNEL = 0x0c, PEER = 0x12, REALM = 0x14, NONCE = 0x15,
       RELAYED = 0x16, TRANSPORT = 0x19 };

static const char *server = "127.0.0.1:3478", *user = "bench", *realm = "bench", *dir = "up", *wire = "channel";
static uint8_t key[16];
static int flow_count = 10, rate = 10000, size = 1200, run_ms = 10000, warm_ms = 1500, step_ms = 1200, max_rate = 300000, limit_s = 120;
static bool searching;
static int64_t hard_stop;

/* ------------------------------------------------------------------------------------------ SHA-1 (RFC 3174), HMAC (RFC 2104) */

typedef struct { uint32_t h[5]; uint8_t block[64]; size_t fill; uint64_t total; } sha1_t;

static void sha1_block(sha1_t *s) {
  uint32_t w[80];
  for (int i = 0; i < 16; i++) w[i] = be32(s->block + 4 * i);
  for (int i = 16; i < 80; i++) {
    uint32_t x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];
    w[i] = x << 1 | x >> 31;
  }
  uint32_t a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3], e = s->h[4];
  for (int i = 0; i < 80; i++) {
    uint32_t f = i < 20 ? ((b & c) | (~b & d)) + 0x5a827999u
               : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1u
               : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu
                        : (b ^ c ^ d) + 0xca62c1d6u;
    uint32_t next = (a << 5 | a >> 27) + f + e + w[i];
    e = d; d = c; c = b << 30 | b >> 2; b = a; a = next;
  }
  s->h[0] += a; s->h[1] += b; s->h[2] += c; s->h[3] += d; s->h[4] += e;
}

static sha1_t sha1_begin(void) {
  return (sha1_t){.h = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

static void sha1_add(sha1_t *s, const uint8_t *bytes, size_t count) {
  s->total += count;
  for (size_t i = 0; i < count; i++) {
    s->block[s->fill++] = bytes[i];
    if (s->fill == 64) { sha1_block(s); s->fill = 0; }
  }
}

static void sha1_end(sha1_t *s, uint8_t out[20]) {
  uint64_t bits = s->total * 8;
  uint8_t one = 0x80, zero = 0, length[8];
  sha1_add(s, &one, 1);
  while (s->fill != 56) sha1_add(s, &zero, 1);
  pb32(length, (uint32_t)(bits >> 32));
  pb32(length + 4, (uint32_t)bits);
  sha1_add(s, length, 8);
  for (int i = 0; i < 5; i++) pb32(out + 4 * i, s->h[i]);
}

static void hmac(const uint8_t *bytes, size_t count, uint8_t out[20]) {
  uint8_t pad[64];
  for (int pass = 0; pass < 2; pass++) {
    sha1_t s = sha1_begin();
    for (int i = 0; i < 64; i++) pad[i] = (i < 16 ? key[i] : 0) ^ (pass ? 0x5c : 0x36);
    sha1_add(&s, pad, 64);
    sha1_add(&s, pass ? out : bytes, pass ? 20 : count);
    sha1_end(&s, out);
  }
}

/* ------------------------------------------------------------------------------------------------------------- STUN (RFC 8489) */

typedef struct { uint8_t bytes[1024]; size_t length; } message_t;

static void attribute(message_t *m, int type, const void *value, size_t length) {
  uint8_t *at = m->bytes + m->length;
  size_t padded = (length + 3) & ~(size_t)3;
  pb16(at, (uint32_t)type);
  pb16(at + 2, (uint32_t)length);
  memset(at + 4, 0, padded);
  memcpy(at + 4, value, length);
  m->length += 4 + padded;
}

static message_t request(int type) {
  static uint32_t transaction;
  message_t m = {.length = 20};
  pb16(m.bytes, (uint32_t)type);
  pb32(m.bytes + 4, COOKIE);
  pb32(m.bytes + 8, (uint32_t)getpid());
  pb32(m.bytes + 16, ++transaction);
  return m;
}

static const uint8_t *find(const uint8_t *bytes, size_t length, int type, size_t *size_out) {
  for (size_t at = 20; at + 4 <= length;) {
    size_t n = be16(bytes + at + 2);
    if (at + 4 + n > length) return NULL;
    if ((int)be16(bytes + at) == type) { *size_out = n; return bytes + at + 4; }
    at += 4 + ((n + 3) & ~(size_t)3);
  }
  return NULL;
}

static uint8_t nonce[512];
static size_t nonce_length;

/* Asks until there is an answer, again with credentials and the newest nonce where the server wants them. */
static size_t ask(int fd, message_t plain, uint8_t *answer) {
  for (int round = 0; round < 4; round++) {
    message_t m = plain;
    pb32(m.bytes + 12, (uint32_t)round);
    if (nonce_length > 0) {
      attribute(&m, USERNAME, user, strlen(user));
      attribute(&m, REALM, realm, strlen(realm));
      attribute(&m, NONCE, nonce, nonce_length);
      pb16(m.bytes + 2, (uint32_t)(m.length - 20 + 24));
      uint8_t mac[20];
      hmac(m.bytes, m.length, mac);
      attribute(&m, INTEGRITY, mac, 20);
    }
    pb16(m.bytes + 2, (uint32_t)(m.length - 20));
    ssize_t length = -1;
    for (int tries = 0; tries < 6 && length < 0; tries++) {
      if (send(fd, m.bytes, m.length, 0) < 0 && errno != ECONNREFUSED) die("send: %s", strerror(errno));
      for (int64_t until = now_ns() + 500 * MS; length < 0 && now_ns() < until; usleep(300)) {
        length = recv(fd, answer, 1024, MSG_DONTWAIT);
        if (length >= 0 && (length < 20 || memcmp(answer + 8, m.bytes + 8, 12) != 0)) length = -1;
      }
    }
    if (length < 0) die("the server does not answer");
    if ((be16(answer) & ERROR_BIT) == SUCCESS_BIT) return (size_t)length;
    size_t n;
    const uint8_t *error = find(answer, (size_t)length, ERROR_CODE, &n);
    int code = error != NULL && n >= 4 ? error[2] * 100 + error[3] : 0;
    const uint8_t *fresh = find(answer, (size_t)length, NONCE, &n);
    if ((code != 401 && code != 438) || fresh == NULL || n > sizeof nonce) die("refused with %d", code);
    memcpy(nonce, fresh, n);
    nonce_length = n;
  }
  die("the credentials are not taken");
  return 0;
}

/* ------------------------------------------------------------------------------------------------------------------------ flows */

typedef struct { int client, peer; uint16_t channel; } flow_t;
static flow_t flows[MAX_FLOWS];

static int udp_socket(struct sockaddr_in *self) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), large = 4 << 20;
  struct sockaddr_in any = loop_addr("127.0.0.1", 0);
  socklen_t length = sizeof *self;
  if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0) die("socket: %s", strerror(errno));
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large) < 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof large);
  getsockname(fd, (struct sockaddr *)self, &length);
  return fd;
}

static void connect_to(int fd, struct sockaddr_in to) {
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect: %s", strerror(errno));
}

static struct sockaddr_in server_port(int offset) {
  char host[64];
  const char *colon = strrchr(server, ':');
  if (colon == NULL || colon - server >= (int)sizeof host) die("--server IP:PORT");
  snprintf(host, sizeof host, "%.*s", (int)(colon - server), server);
  return loop_addr(host, atoi(colon + 1) + offset);
}

static void open_flow(flow_t *flow, int index, bool raw) {
  struct sockaddr_in self, peer_self, relayed;
  flow->client = udp_socket(&self);
  flow->peer = udp_socket(&peer_self);
  flow->channel = (uint16_t)(0x4000 + index);
  connect_to(flow->client, server_port(raw ? 2 * index : 0));
  if (raw) {
    connect_to(flow->peer, server_port(2 * index + 1));
    if (send(flow->client, "h", 1, 0) < 0 || send(flow->peer, "h", 1, 0) < 0) die("hello: %s", strerror(errno));
    return;
  }
  uint8_t answer[1024];
  size_t n;
  message_t allocate = request(ALLOCATE);
  attribute(&allocate, TRANSPORT, (const uint8_t[4]){17}, 4);
  size_t length = ask(flow->client, allocate, answer);
  const uint8_t *address = find(answer, length, RELAYED, &n);
  if (address == NULL || n != 8) die("no relayed address");
  relayed = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)(be16(address + 2) ^ (COOKIE >> 16)))};
  relayed.sin_addr.s_addr = htonl(be32(address + 4) ^ COOKIE);
  if (ntohl(relayed.sin_addr.s_addr) >> 24 != 127) die("the relayed address is not on loopback");

  uint8_t channel[4] = {0}, peer[8] = {0, 1};
  pb16(channel, flow->channel);
  pb16(peer + 2, ntohs(peer_self.sin_port) ^ (COOKIE >> 16));
  pb32(peer + 4, ntohl(peer_self.sin_addr.s_addr) ^ COOKIE);
  message_t bind_channel = request(CHANNEL_BIND);
  attribute(&bind_channel, CHANNEL, channel, 4);
  attribute(&bind_channel, PEER, peer, 8);
  ask(flow->client, bind_channel, answer);
  connect_to(flow->peer, relayed);
}

/* ------------------------------------------------------------------------------------------------------------------ measurement */

typedef struct { uint64_t sent, received; double seconds; samples_t delay_ms; } run_t;

static uint32_t run_number;
static uint8_t out_bytes[BATCH][MAX_PACKET], in_bytes[BATCH][MAX_PACKET];
static struct iovec out_io[BATCH], in_io[BATCH];
static struct mmsghdr out_messages[BATCH], in_messages[BATCH];

static void receive(int fd, size_t header, run_t *run) {
  for (;;) {
    int count = recvmmsg(fd, in_messages, BATCH, MSG_DONTWAIT, NULL);
    int64_t now = now_ns();
    for (int i = 0; i < count; i++) {
      const uint8_t *packet = in_bytes[i] + header;
      if (in_messages[i].msg_len < header + 24 || be32(packet + 8) != run_number) continue;
      run->received++;
      int64_t sent_at = (int64_t)((uint64_t)be32(packet) << 32 | be32(packet + 4));
      if ((run->received & 7) == 0) sample_add(&run->delay_ms, (double)(now - sent_at) / 1e6);
    }
    if (count < BATCH) return;
  }
}

/* @returns how many the kernel took: what it did not is a loss of the load's own, and shows as a rate that was not reached */
static int send_burst(const flow_t *flow, bool up, size_t header, int count) {
  for (int i = 0; i < count; i++) {
    uint8_t *packet = out_bytes[i];
    if (header > 0) { pb16(packet, flow->channel); pb16(packet + 2, (uint32_t)size); }
    int64_t now = now_ns();
    pb32(packet + header, (uint32_t)(now >> 32));
    pb32(packet + header + 4, (uint32_t)now);
    pb32(packet + header + 8, run_number);
    out_io[i].iov_len = header + (size_t)size;
  }
  int sent = sendmmsg(up ? flow->client : flow->peer, out_messages, (unsigned)count, 0);
  return sent < 0 ? 0 : sent;
}

/* One millisecond at a time: a packet of each flow in turn, so that bursts of one flow are as short as the rate allows. */
static void run_at(int packets_per_second, int ms, run_t *run) {
  bool up = strcmp(dir, "down") != 0, raw = strcmp(wire, "raw") == 0;
  size_t out_header = up && !raw ? 4 : 0, in_header = up || raw ? 0 : 4;
  *run = (run_t){0};
  run_number++;
  int poll = epoll_create1(0), next_flow = 0;
  for (int i = 0; i < flow_count; i++) {
    int fd = up ? flows[i].peer : flows[i].client;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
  }
  int64_t began = now_ns(), end = began + (int64_t)ms * MS;
  uint64_t due = 0;
  for (int64_t tick = began + MS;; tick += MS) {
    int64_t now = now_ns();
    if (now >= hard_stop) die("the time limit is reached");
    if (now >= end) break;
    if (now - tick > 20 * MS) tick = now; /* What was missed by more is not made good: the rate was not reached. */
    uint64_t target = (uint64_t)((double)(now - began) * packets_per_second / 1e9);
    if (target - due > (uint64_t)packets_per_second / 50 + 1) due = target - (uint64_t)packets_per_second / 50 - 1;
    while (due < target) {
      uint64_t share = (target - due + (uint64_t)flow_count - 1) / (uint64_t)flow_count;
      int burst = (int)(share > BATCH ? BATCH : share);
      if ((uint64_t)burst > target - due) burst = (int)(target - due);
      run->sent += (uint64_t)send_burst(&flows[next_flow], up, out_header, burst);
      due += (uint64_t)burst;
      next_flow = (next_flow + 1) % flow_count;
    }
    for (int64_t left = tick - now_ns();; left = tick - now_ns()) {
      struct epoll_event events[64];
      struct timespec wait = {0, left > 0 ? left : 0};
      int count = epoll_pwait2(poll, events, 64, &wait, NULL);
      for (int i = 0; i < count; i++) receive(events[i].data.fd, in_header, run);
      if (left <= 0 || count == 0) break;
    }
  }
  run->seconds = (double)(now_ns() - began) / 1e9;
  for (int64_t until = now_ns() + 200 * MS; now_ns() < until; usleep(2000)) /* What is under way still counts. */
    for (int i = 0; i < flow_count; i++) receive(up ? flows[i].peer : flows[i].client, in_header, run);
  close(poll);
}

static double loss(const run_t *run) {
  return run->sent == 0 ? 1 : 1 - (double)run->received / (double)run->sent;
}

static bool reached(const run_t *run, int wanted) {
  return (double)run->sent >= 0.97 * wanted * run->seconds;
}

/* Doubles until one percent is lost, then halves the interval to 4 %. A rate that fails is tried once more. */
static int highest_rate(void) {
  int good = 0, bad = 0;
  run_t run;
  for (int wanted = 8000, steps = 0; steps < 16 && wanted <= max_rate; steps++) {
    bool holds = false;
    for (int tries = 0; tries < 2 && !holds; tries++) {
      run_at(wanted, step_ms, &run);
      free(run.delay_ms.v);
      holds = reached(&run, wanted) && loss(&run) < 0.01;
      fprintf(stderr, "%d/s: loss %.2f %%, sent %.0f/s\n", wanted, loss(&run) * 100, (double)run.sent / run.seconds);
    }
    if (holds) good = wanted;
    else bad = wanted;
    if (bad == 0) wanted *= 2;
    else if (good == 0) wanted /= 2;
    else if (bad - good <= good / 25) break;
    else wanted = (good + bad) / 2;
    if (wanted < 500) break;
  }
  return good;
}

static void option(const char *name, const char *value) {
  const struct { const char *name; int *to; } numbers[] = {
    {"--flows", &flow_count}, {"--rate", &rate}, {"--size", &size}, {"--dur-ms", &run_ms}, {"--warm-ms", &warm_ms},
    {"--step-ms", &step_ms}, {"--max-rate", &max_rate}, {"--limit-s", &limit_s}};
  const struct { const char *name; const char **to; } texts[] = {
    {"--server", &server}, {"--user", &user}, {"--realm", &realm}, {"--dir", &dir}, {"--wire", &wire}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (!strcmp(name, numbers[i].name)) { *numbers[i].to = atoi(value); return; }
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!strcmp(name, texts[i].name)) { *texts[i].to = value; return; }
  if (strcmp(name, "--key") != 0 || strlen(value) != 32) die("unknown option %s", name);
  for (int i = 0; i < 16; i++) sscanf(value + 2 * i, "%2hhx", &key[i]);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--search")) searching = true;
    else if (i + 1 < argc) { option(argv[i], argv[i + 1]); i++; }
    else die("%s needs a value", argv[i]);
  }
  if (flow_count < 1 || flow_count > MAX_FLOWS || size < 24 || size > 1400 || rate > max_rate) die("out of bounds");
  hard_stop = now_ns() + limit_s * SEC;
  for (int i = 0; i < BATCH; i++) {
    out_io[i].iov_base = out_bytes[i];
    in_io[i] = (struct iovec){in_bytes[i], MAX_PACKET};
    out_messages[i].msg_hdr = (struct msghdr){.msg_iov = &out_io[i], .msg_iovlen = 1};
    in_messages[i].msg_hdr = (struct msghdr){.msg_iov = &in_io[i], .msg_iovlen = 1};
  }
  for (int i = 0; i < flow_count; i++) open_flow(&flows[i], i, !strcmp(wire, "raw"));
  usleep(50000);
  run_t run;
  run_at(searching ? 4000 : rate, warm_ms, &run);
  free(run.delay_ms.v);
  printf("{\"ev\":\"window_start\"}\n");
  fflush(stdout);
  if (searching) {
    int highest = highest_rate();
    printf("{\"ev\":\"window_end\"}\n{\"highest_rate\":%d}\n", highest);
    return 0;
  }
  run_at(rate, run_ms, &run);
  printf("{\"ev\":\"window_end\"}\n{\"sent\":%llu,\"received\":%llu,\"loss\":%.6f,\"seconds\":%.4f,\"reached\":%s,",
         (unsigned long long)run.sent, (unsigned long long)run.received, loss(&run), run.seconds,
         reached(&run, rate) ? "true" : "false");
  sample_json(stdout, "delay_ms", &run.delay_ms);
  printf("}\n");
  return 0;
}
