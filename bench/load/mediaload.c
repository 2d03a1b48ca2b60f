/*
 * mediaload: one process, one thread, one epoll loop that plays the part of many
 * RTMP publishers, RTMP players, HTTP-FLV readers, RTSP players and HLS viewers at once.
 *
 * The source FLV is cut into RTMP chunks once; every publisher then sends slices
 * of that same buffer, so a paced publisher costs one send() per audio or video
 * message. Players walk chunk and tag headers and skip the payload, so a player
 * costs one recv() per wake-up. Frames are recognised by a hash of their first
 * bytes, so latency needs no help from the server's timestamps.
 *
 * Written for this project; no code of any measured server is used.
 */
#include "common.h"

/* ------------------------------------------------------------------ options */
static struct {
  const char *flv, *rtmp, *name, *play_rtmp, *play_name, *flv_url, *rtsp_url, *hls_url, *raw_pub, *raw_read, *join_kind;
  int pubs, players, flvs, rtsps, hlss, raws, joins;
  int chunk, unpaced, settle_ms, warm_ms, dur_ms, ramp, tick_us, hls_poll_ms, hls_fetch, hls_lat;
  int join_gap_ms, join_hold_ms, max_s, stagger_ms, verbose, same_src, raw_parse;
} o = {.name = "bench_%d", .chunk = 4096, .settle_ms = 3000, .warm_ms = 3000, .dur_ms = 20000, .ramp = 200,
       .tick_us = 2000, .hls_poll_ms = 1000, .hls_fetch = 1, .join_gap_ms = 2000, .join_hold_ms = 0, .max_s = 180,
       .stagger_ms = -1, .join_kind = "rtmp", .same_src = 1};

/* ------------------------------------------------------------------- source */
typedef struct { uint8_t type; int64_t due; uint32_t off, len, end; int vidx; bool key; } tag_t;
static uint8_t *src, *prog;          /* file bytes, pre-chunked loop bytes */
static size_t prog_len;
static tag_t *tags;
static int ntags, nvid;
static int64_t period_ms;
static uint32_t wrap_v, wrap_a, t0v, t0a;
static uint8_t *meta, *avc_hdr, *aac_hdr;
static uint32_t meta_len, avc_len, aac_len;
static bool *vkey;                   /* is video frame i a key frame */

#define TBL 16384
typedef struct { uint32_t key; int idx; } slot_t;
static slot_t tbl_tag[TBL], tbl_nal[TBL];
static int dup_tag, dup_nal;
static void tbl_put(slot_t *t, uint32_t k, int idx, int *dup) {
  for (uint32_t i = k % TBL;; i = (i + 1) % TBL) {
    if (t[i].idx == -1) { t[i].key = k; t[i].idx = idx; return; }
    if (t[i].key == k) { (*dup)++; t[i].idx = -2; return; }   /* ambiguous: never used */
  }
}
static int tbl_get(slot_t *t, uint32_t k) {
  for (uint32_t i = k % TBL;; i = (i + 1) % TBL) {
    if (t[i].idx == -1) return -1;
    if (t[i].key == k) return t[i].idx;
  }
}
#define HEAD 64
static uint32_t tag_key(const uint8_t *head, uint32_t len) {
  return fnv1a(head, len < HEAD ? len : HEAD, FNV0) ^ (len * 2654435761u);
}
static uint32_t nal_key(const uint8_t *p, size_t n) { return fnv1a(p, n < 48 ? n : 48, FNV0); }

static void put_msg(uint8_t **q, int fmt, int csid, uint32_t ts, uint8_t type, uint32_t msid,
                    const uint8_t *p, uint32_t len, uint32_t chunk) {
  uint8_t *w = *q;
  *w++ = (uint8_t)(fmt << 6 | csid);
  pb24(w, ts); pb24(w + 3, len); w[6] = type; w += 7;
  if (fmt == 0) { w[0] = (uint8_t)msid; w[1] = (uint8_t)(msid >> 8); w[2] = (uint8_t)(msid >> 16); w[3] = (uint8_t)(msid >> 24); w += 4; }
  for (uint32_t done = 0; done < len;) {
    uint32_t n = len - done < chunk ? len - done : chunk;
    if (done) *w++ = (uint8_t)(3 << 6 | csid);
    memcpy(w, p + done, n);
    w += n; done += n;
  }
  *q = w;
}

static void load_source(void) {
  int fd = open(o.flv, O_RDONLY);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) die("cannot open %s", o.flv);
  size_t n = (size_t)st.st_size;
  src = xcalloc(1, n);
  for (size_t got = 0; got < n;) {
    ssize_t r = read(fd, src + got, n - got);
    if (r <= 0) die("short read");
    got += (size_t)r;
  }
  close(fd);
  if (n < 13 || memcmp(src, "FLV", 3)) die("%s is not FLV", o.flv);
  for (int i = 0; i < TBL; i++) tbl_tag[i].idx = tbl_nal[i].idx = -1;
  tags = xcalloc(n / 16, sizeof *tags);
  int64_t v0 = -1, vl = 0, a0 = -1, al = 0;
  for (size_t p = be32(src + 5) + 4; p + 15 <= n;) {
    uint8_t type = src[p] & 0x1f;
    uint32_t len = be24(src + p + 1);
    int64_t ts = (int64_t)(be24(src + p + 4) | (uint32_t)src[p + 7] << 24);
    uint8_t *b = src + p + 11;
    if (p + 11 + len + 4 > n) break;
    if (type == 18) { meta = b; meta_len = len; }
    else if (type == 9 && len > 5 && (b[0] & 15) == 7 && b[1] == 0) { avc_hdr = b; avc_len = len; }
    else if (type == 8 && len > 2 && b[0] >> 4 == 10 && b[1] == 0) { aac_hdr = b; aac_len = len; }
    else if ((type == 9 && len > 9 && b[1] == 1) || (type == 8 && len > 2)) {
      tag_t *t = &tags[ntags++];
      *t = (tag_t){.type = type, .due = ts, .off = (uint32_t)(p + 11), .len = len, .vidx = -1};
      if (type == 9) {
        t->key = b[0] >> 4 == 1;
        if (v0 < 0) v0 = ts;
        vl = ts;
        t->vidx = nvid++;
      } else { if (a0 < 0) a0 = ts; al = ts; }
    }
    p += 11 + len + 4;
  }
  if (nvid < 2 || !avc_hdr) die("no H.264 video in %s", o.flv);
  period_ms = (vl - v0) + (vl - v0 + (nvid - 1) / 2) / (nvid - 1);
  /* audio that runs past the loop point is dropped, so that the loop closes cleanly */
  int m = 0;
  for (int i = 0; i < ntags; i++) {
    if (tags[i].type == 8 && tags[i].due >= v0 + period_ms) continue;
    if (tags[i].type == 8) al = tags[i].due;
    tags[m++] = tags[i];
  }
  ntags = m;
  wrap_v = (uint32_t)(period_ms - vl + v0);
  wrap_a = a0 < 0 ? 0 : (uint32_t)(period_ms - al + a0);
  int64_t c = period_ms - vl;
  if (a0 >= 0 && period_ms - al > c) c = period_ms - al;
  t0v = (uint32_t)(c + vl - period_ms);
  t0a = a0 < 0 ? 0 : (uint32_t)(c + al - period_ms);
  vkey = xcalloc((size_t)nvid, sizeof *vkey);
  prog = xcalloc(1, n + n / (size_t)o.chunk + (size_t)ntags * 16 + 4096);
  uint8_t *w = prog;
  int64_t pv = -1, pa = -1, mono = 0;
  for (int i = 0; i < ntags; i++) {
    tag_t *t = &tags[i];
    int64_t *prev = t->type == 9 ? &pv : &pa;
    uint32_t delta = *prev < 0 ? (t->type == 9 ? wrap_v : wrap_a) : (uint32_t)(t->due - *prev);
    *prev = t->due;
    put_msg(&w, 1, t->type == 9 ? 6 : 4, delta, t->type, 0, src + t->off, t->len, (uint32_t)o.chunk);
    t->end = (uint32_t)(w - prog);
    if (t->vidx >= 0) {
      vkey[t->vidx] = t->key;
      tbl_put(tbl_tag, tag_key(src + t->off, t->len), t->vidx, &dup_tag);
      uint8_t *b = src + t->off + 5, *e = src + t->off + t->len;
      while (b + 4 < e) {
        uint32_t nl = be32(b);
        if (nl == 0 || b + 4 + nl > e) break;
        int nt = b[4] & 31;
        if (nt == 1 || nt == 5) { tbl_put(tbl_nal, nal_key(b + 4, nl), t->vidx, &dup_nal); break; }
        b += 4 + nl;
      }
    }
    if (t->due < mono) t->due = mono;
    mono = t->due;
  }
  for (int i = ntags - 1; i >= 0; i--) tags[i].due -= tags[0].due;
  prog_len = (size_t)(w - prog);
}

/* -------------------------------------------------------------- connections */
enum { K_PUB, K_PLAY, K_FLV, K_RTSP, K_HLS, K_RAWPUB, K_RAWREAD, K_JOIN };
enum { S_NEW, S_TCP, S_HS, S_CONNECT, S_CREATE, S_START, S_RUN, S_DEAD };

#define MSGBUF 4096
typedef struct {
  uint32_t ts, delta, len, got, msid, type;
  bool ext;
  uint8_t head[MSGBUF];
} cs_t;

typedef struct {                     /* inbound RTMP */
  uint8_t hdr[32]; int hn;
  uint32_t in_chunk, win; uint64_t acked;
  cs_t *cur; uint32_t left;          /* payload bytes left in this chunk */
  cs_t *cs[64];
  size_t hs;                         /* handshake bytes seen */
  uint8_t s1[1536];
} rtmp_t;

typedef struct {                     /* inbound HTTP */
  char hdr[8192]; int hn; bool in_body, chunked, close_end; int status;
  int64_t left;                      /* body or chunk bytes left; -1 unbounded */
  int cstate; char cl[32]; int cln;
  /* FLV */
  uint8_t th[16]; int tn, fstate; uint32_t tlen, tgot, tts, ttype; uint8_t head[HEAD];
} http_t;

#define RTP_MAX 2048
typedef struct {                     /* inbound RTSP, RTP interleaved (RFC 2326 section 10.12) */
  char hdr[4096]; int hn, step; int64_t body; char session[128];
  uint8_t pk[4 + RTP_MAX]; uint32_t pn;
  int idx; bool key, slice; uint32_t ts;
} rtsp_t;

typedef struct { char uri[512]; double dur; int64_t seen; } seg_t;
typedef struct {
  char host[64]; int port; char playlist[512], base[512];
  bool busy, want_pl, is_pl; int64_t next_poll, req_at;
  uint8_t *body; size_t bn, bcap;
  seg_t q[64]; int qn;               /* segments waiting to be fetched */
  seg_t cur;
  int64_t last_seq; int variant_hops; double target;
  uint64_t n_pl, n_seg, n_err, n_frames, n_miss; int last_idx; double listed_dur;
} hls_t;

typedef struct {
  int kind, state, fd, id, pub;      /* pub: index of the publisher this one follows */
  int64_t t_start, t_run, t_first, t_key, t_last_v;
  rtmp_t *r; http_t *h; rtsp_t *s; hls_t *l;
  uint32_t msid; int txn;
  uint8_t *out; size_t on, ocap;     /* pending control output */
  /* publisher */
  int64_t t0; int pos; size_t off; uint64_t loops; uint8_t *prol; size_t prol_n, prol_off;
  int64_t max_lag;
  /* counters */
  uint64_t rx, tx, vframes, aframes, vtags_sent, missing, stalls, backwards, keyframes;
  int last_idx; uint32_t last_ts; double first_age;
  bool poll_out, latency_ok;
  char err[96];
} conn_t;

static conn_t *conns;
static int nconns, ep;
static int64_t **sent_ns;            /* [publisher][frame] last send time */
static bool in_window;
static int64_t win_from;
static samples_t s_lat_rtmp, s_lat_flv, s_lat_rtsp, s_start_rtmp, s_start_flv, s_start_rtsp, s_age, s_first;
static samples_t s_hls_lat, s_hls_close, s_hls_first, s_hls_last, s_hls_segdur, s_hls_fetch;
static samples_t s_join_first, s_join_key, s_join_age;
static uint64_t n_stall_total;

/* One word a line: what %n (publish name) and %p (playback id) of stream i become. */
static char *names[4096], *ids[4096];
static void read_words(const char *file, char **to) {
  FILE *f = fopen(file, "r");
  char line[256];
  if (!f) die("cannot open %s", file);
  for (int i = 0; i < 4096 && fgets(line, sizeof line, f); i++) {
    line[strcspn(line, "\r\n")] = 0;
    to[i] = strdup(line);
  }
  fclose(f);
}
/* Every %d in pat becomes n, every %n and %p the word of stream n. */
static void subst(char *dst, size_t cap, const char *pat, int n) {
  size_t at = 0;
  for (const char *p = pat; *p && at + 1 < cap;) {
    if (p[0] == '%' && p[1] == 'd') { at += (size_t)snprintf(dst + at, cap - at, "%d", n); p += 2; }
    else if (p[0] == '%' && (p[1] == 'n' || p[1] == 'p')) {
      const char *word = n < 4096 ? (p[1] == 'n' ? names : ids)[n] : NULL;
      if (!word) die("no word for stream %d", n);
      at += (size_t)snprintf(dst + at, cap - at, "%s", word);
      p += 2;
    } else dst[at++] = *p++;
  }
  dst[at < cap ? at : cap - 1] = 0;
}
static void split_url(const char *url, const char *scheme, char *host, size_t hc, int *port, int defport, char *path, size_t pc) {
  size_t sl = strlen(scheme);
  if (strncmp(url, scheme, sl)) die("expected %s… in %s", scheme, url);
  const char *h = url + sl, *s = strchr(h, '/');
  size_t hl = s ? (size_t)(s - h) : strlen(h);
  if (hl >= hc) die("bad url");
  memcpy(host, h, hl); host[hl] = 0;
  char *c = strchr(host, ':');
  *port = c ? atoi(c + 1) : defport;
  if (c) *c = 0;
  snprintf(path, pc, "%s", s ? s : "/");
}

static void want_out(conn_t *c, bool on) {
  if (c->poll_out == on) return;
  struct epoll_event e = {.events = EPOLLIN | (on ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
  c->poll_out = on;
}
static void conn_fail(conn_t *c, const char *why) {
  if (c->state == S_DEAD) return;
  if (!c->err[0]) snprintf(c->err, sizeof c->err, "%s", why);
  if (o.verbose) fprintf(stderr, "conn %d kind %d: %s\n", c->id, c->kind, why);
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->state = S_DEAD;
}
static bool flush_out(conn_t *c) {
  while (c->on) {
    ssize_t r = send(c->fd, c->out, c->on, MSG_NOSIGNAL);
    if (r < 0) {
      if (errno == EAGAIN) { want_out(c, true); return false; }
      conn_fail(c, "send failed");
      return false;
    }
    memmove(c->out, c->out + r, c->on - (size_t)r);
    c->on -= (size_t)r;
  }
  return true;
}
static void put_out(conn_t *c, const void *p, size_t n) {
  if (c->on + n > c->ocap) {
    c->ocap = (c->on + n) * 2;
    c->out = realloc(c->out, c->ocap);
    if (!c->out) die("out of memory");
  }
  memcpy(c->out + c->on, p, n);
  c->on += n;
}
static void open_conn(conn_t *c, const char *host, int port) {
  struct sockaddr_in a = loop_addr(host, port);
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket: %s", strerror(errno));
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  c->t_start = now_ns();
  c->state = S_TCP;
  c->poll_out = true;
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  if (connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) conn_fail(c, "connect failed");
}

/* --------------------------------------------------------------------- AMF0 */
static uint8_t *amf_str(uint8_t *w, const char *s) {
  size_t n = strlen(s);
  *w++ = 2; pb16(w, (uint32_t)n); memcpy(w + 2, s, n);
  return w + 2 + n;
}
static uint8_t *amf_num(uint8_t *w, double d) {
  uint64_t u; memcpy(&u, &d, 8);
  *w++ = 0; pb32(w, (uint32_t)(u >> 32)); pb32(w + 4, (uint32_t)u);
  return w + 8;
}
static uint8_t *amf_key(uint8_t *w, const char *s) {
  size_t n = strlen(s);
  pb16(w, (uint32_t)n); memcpy(w + 2, s, n);
  return w + 2 + n;
}
static uint8_t *amf_prop(uint8_t *w, const char *k, const char *v) { return amf_str(amf_key(w, k), v); }

static void rtmp_send(conn_t *c, int csid, uint8_t type, uint32_t msid, const uint8_t *p, uint32_t n) {
  uint8_t *b = xcalloc(1, n + 64 + n / 64), *w = b;
  put_msg(&w, 0, csid, 0, type, msid, p, n, (uint32_t)o.chunk);
  put_out(c, b, (size_t)(w - b));
  free(b);
}
static void conn_urls(conn_t *c, char *host, size_t hc, int *port, char *app, size_t ac, char *stream, size_t sc) {
  bool pub = c->kind == K_PUB;
  split_url(pub || !o.play_rtmp ? o.rtmp : o.play_rtmp, "rtmp://", host, hc, port, 1935, app, ac);
  memmove(app, app + 1, strlen(app));
  subst(stream, sc, pub || !o.play_name ? o.name : o.play_name, c->pub);
}
static void rtmp_connect(conn_t *c) {
  char host[64], app[256], stream[512], tc[512];
  int port;
  conn_urls(c, host, sizeof host, &port, app, sizeof app, stream, sizeof stream);
  uint8_t cs[4];
  pb32(cs, (uint32_t)o.chunk);
  /* the set-chunk-size message itself fits one default 128-byte chunk */
  rtmp_send(c, 2, 1, 0, cs, 4);
  snprintf(tc, sizeof tc, "rtmp://%s:%d/%s", host, port, app);
  uint8_t b[2048], *w = b;
  w = amf_str(w, "connect"); w = amf_num(w, c->txn = 1);
  *w++ = 3;
  w = amf_prop(w, "app", app);
  if (c->kind == K_PUB) w = amf_prop(w, "type", "nonprivate");
  w = amf_prop(w, "flashVer", c->kind == K_PUB ? "FMLE/3.0 (compatible; bench)" : "LNX 9,0,124,2");
  w = amf_prop(w, "tcUrl", tc);
  if (c->kind != K_PUB) {
    w = amf_key(w, "fpad"); *w++ = 1; *w++ = 0;
    w = amf_key(w, "capabilities"); w = amf_num(w, 15);
    w = amf_key(w, "audioCodecs"); w = amf_num(w, 4071);
    w = amf_key(w, "videoCodecs"); w = amf_num(w, 252);
    w = amf_key(w, "videoFunction"); w = amf_num(w, 1);
  }
  *w++ = 0; *w++ = 0; *w++ = 9;
  rtmp_send(c, 3, 20, 0, b, (uint32_t)(w - b));
  c->state = S_CONNECT;
}
static void rtmp_create(conn_t *c) {
  char host[64], app[256], stream[512];
  int port;
  conn_urls(c, host, sizeof host, &port, app, sizeof app, stream, sizeof stream);
  uint8_t b[2048], *w;
  if (c->kind == K_PUB) {
    w = amf_str(b, "releaseStream"); w = amf_num(w, 2); *w++ = 5; w = amf_str(w, stream);
    rtmp_send(c, 3, 20, 0, b, (uint32_t)(w - b));
    w = amf_str(b, "FCPublish"); w = amf_num(w, 3); *w++ = 5; w = amf_str(w, stream);
    rtmp_send(c, 3, 20, 0, b, (uint32_t)(w - b));
  }
  w = amf_str(b, "createStream"); w = amf_num(w, c->txn = 4); *w++ = 5;
  rtmp_send(c, 3, 20, 0, b, (uint32_t)(w - b));
  c->state = S_CREATE;
}
static void rtmp_start(conn_t *c) {
  char host[64], app[256], stream[512];
  int port;
  conn_urls(c, host, sizeof host, &port, app, sizeof app, stream, sizeof stream);
  uint8_t b[2048], *w;
  if (c->kind == K_PUB) {
    w = amf_str(b, "publish"); w = amf_num(w, 5); *w++ = 5; w = amf_str(w, stream); w = amf_str(w, "live");
  } else {
    w = amf_str(b, "play"); w = amf_num(w, 5); *w++ = 5; w = amf_str(w, stream); w = amf_num(w, -2000);
  }
  rtmp_send(c, 8, 20, c->msid, b, (uint32_t)(w - b));
  if (c->kind != K_PUB) {            /* SetBufferLength, as players do */
    uint8_t u[10];
    pb16(u, 3); pb32(u + 2, c->msid); pb32(u + 6, 100);
    rtmp_send(c, 2, 4, 0, u, 10);
  }
  c->state = S_START;
}

static void pub_begin(conn_t *c) {
  /* prologue: metadata and decoder configuration, then the shared looped bytes */
  uint8_t *b = xcalloc(1, meta_len + avc_len + aac_len + 4096), *w = b, m[8192], *q = m;
  if (meta && meta_len < 4096) {
    q = amf_str(q, "@setDataFrame");
    memcpy(q, meta, meta_len); q += meta_len;
    put_msg(&w, 0, 4, t0a, 18, c->msid, m, (uint32_t)(q - m), (uint32_t)o.chunk);
  }
  put_msg(&w, 0, 6, t0v, 9, c->msid, avc_hdr, avc_len, (uint32_t)o.chunk);
  if (aac_hdr) put_msg(&w, 0, 4, t0a, 8, c->msid, aac_hdr, aac_len, (uint32_t)o.chunk);
  c->prol = b; c->prol_n = (size_t)(w - b); c->prol_off = 0;
  c->state = S_RUN;
  c->t_run = now_ns();
  int st = o.stagger_ms >= 0 ? o.stagger_ms : (o.pubs > 1 ? 2000 / o.pubs : 0);
  c->t0 = c->t_run + (o.unpaced ? 0 : (int64_t)c->id * st * MS);
  if (o.unpaced) want_out(c, true);
}

/* Sends whatever is due. Returns false when the socket is full. */
static bool pub_pump(conn_t *c, int64_t now) {
  if (c->state != S_RUN || now < c->t0) return true;
  if (c->on && !flush_out(c)) return false;
  while (c->prol_off < c->prol_n) {
    ssize_t r = send(c->fd, c->prol + c->prol_off, c->prol_n - c->prol_off, MSG_NOSIGNAL);
    if (r < 0) { if (errno != EAGAIN) conn_fail(c, "publisher send failed"); return false; }
    c->prol_off += (size_t)r; c->tx += (uint64_t)r;
  }
  int64_t el = (now - c->t0) / MS;
  for (int rounds = 0; rounds < 8; rounds++) {
    /* find the end of what is due in this lap */
    int last = c->pos;
    if (o.unpaced) last = ntags;
    else {
      int64_t lap = el - (int64_t)c->loops * period_ms;
      while (last < ntags && tags[last].due <= lap) last++;
    }
    if (last == c->pos) return true;
    size_t stop = tags[last - 1].end;
    if (o.unpaced && stop - c->off > 262144) stop = c->off + 262144;
    ssize_t r = send(c->fd, prog + c->off, stop - c->off, MSG_NOSIGNAL);
    if (r < 0) {
      if (errno != EAGAIN) { conn_fail(c, "publisher send failed"); return false; }
      int64_t lag = el - ((int64_t)c->loops * period_ms + tags[c->pos].due);
      if (!o.unpaced && in_window && lag > c->max_lag) c->max_lag = lag;
      return false;
    }
    c->off += (size_t)r; c->tx += (uint64_t)r;
    int64_t t = now_ns();
    while (c->pos < ntags && tags[c->pos].end <= c->off) {
      if (tags[c->pos].vidx >= 0) { sent_ns[c->id][tags[c->pos].vidx] = t; c->vtags_sent++; }
      c->pos++;
    }
    if (c->pos == ntags) { c->pos = 0; c->off = 0; c->loops++; }
    else if ((size_t)r < stop - (c->off - (size_t)r)) return false;
  }
  return true;
}

/* -------------------------------------------------------------------- media */
static samples_t *lat_of(const conn_t *c) {
  return c->kind == K_FLV ? &s_lat_flv : c->kind == K_RTSP ? &s_lat_rtsp : &s_lat_rtmp;
}
static samples_t *start_of(const conn_t *c) {
  return c->kind == K_FLV ? &s_start_flv : c->kind == K_RTSP ? &s_start_rtsp : &s_start_rtmp;
}
/* A whole picture: idx is its place in the source, below 0 where that is not known. */
static void on_picture(conn_t *c, uint32_t ts, bool key, int idx) {
  int64_t now = now_ns();
  c->vframes++;
  if (key) c->keyframes++;
  int64_t sent = idx >= 0 && c->pub < o.pubs ? sent_ns[c->pub][idx] : 0;
  if (!c->t_first) c->t_first = now;
  if (key && !c->t_key) {
    c->t_key = now;
    c->first_age = sent ? (double)(now - sent) / 1e6 : -1;
    if (c->kind != K_JOIN) {
      sample_add(start_of(c), (double)(now - c->t_start) / 1e6);
      sample_add(&s_first, (double)(c->t_first - c->t_start) / 1e6);
      if (sent) sample_add(&s_age, c->first_age);
    }
  }
  if (c->t_last_v && in_window && now - c->t_last_v > 500 * MS) { c->stalls++; n_stall_total++; }
  c->t_last_v = now;
  if (ts < c->last_ts) c->backwards++;
  c->last_ts = ts;
  if (idx >= 0) {
    if (c->last_idx >= 0) {
      int d = (idx - c->last_idx + nvid) % nvid;
      if (d > 1) c->missing += (uint64_t)(d - 1);
    }
    c->last_idx = idx;
    /* only frames sent after this player joined tell the live delay */
    if (in_window && sent > c->t_start && sent > win_from && c->kind != K_JOIN)
      sample_add(lat_of(c), (double)(now - sent) / 1e6);
  }
}
static void on_media(conn_t *c, uint32_t type, uint32_t ts, uint32_t len, const uint8_t *head) {
  if (type == 8) { c->aframes++; return; }
  if (type != 9 || len < 6) return;
  if ((head[0] & 15) == 7 && head[1] != 1) return;      /* sequence header or end */
  on_picture(c, ts, head[0] >> 4 == 1, tbl_get(tbl_tag, tag_key(head, len)));
}

/* ----------------------------------------------------------- RTMP, inbound */
static void rtmp_command(conn_t *c, const uint8_t *p, uint32_t n) {
  if (n > MSGBUF) n = MSGBUF;
  if (n < 3 || p[0] != 2) return;
  uint32_t l = be16(p + 1);
  if (3 + l + 9 > n) return;
  char cmd[64];
  snprintf(cmd, sizeof cmd, "%.*s", (int)(l < 63 ? l : 63), (const char *)p + 3);
  uint64_t u = (uint64_t)be32(p + 3 + l + 1) << 32 | be32(p + 3 + l + 5);
  double txn; memcpy(&txn, &u, 8);
  const uint8_t *q = p + 3 + l + 9;
  uint32_t left = n - (3 + l + 9);
  if (!strcmp(cmd, "_error")) {
    if (c->state == S_CONNECT || c->state == S_CREATE) conn_fail(c, "server answered _error");
  } else if (!strcmp(cmd, "_result")) {
    if (c->state == S_CONNECT && txn == 1) rtmp_create(c);
    else if (c->state == S_CREATE && txn == 4) {
      /* null, then the stream number */
      if (left >= 10 && q[0] == 5 && q[1] == 0) {
        uint64_t v = (uint64_t)be32(q + 2) << 32 | be32(q + 6);
        double d; memcpy(&d, &v, 8);
        c->msid = (uint32_t)d;
      } else c->msid = 1;
      rtmp_start(c);
    }
    flush_out(c);
  } else if (!strcmp(cmd, "onStatus") && c->state == S_START) {
    bool bad = memmem(q, left, "Failed", 6) || memmem(q, left, "BadName", 7) || memmem(q, left, "Denied", 6) ||
               memmem(q, left, "NotFound", 8) || memmem(q, left, "error", 5);
    if (bad) conn_fail(c, "server refused publish or play");
    else if (c->kind == K_PUB) { if (memmem(q, left, "Publish.Start", 13)) pub_begin(c); }
    else if (memmem(q, left, "Play.Start", 10) || memmem(q, left, "Play.Reset", 10)) { c->state = S_RUN; c->t_run = now_ns(); }
  }
}
static void rtmp_message(conn_t *c, cs_t *s) {
  rtmp_t *r = c->r;
  switch (s->type) {
  case 1: r->in_chunk = be32(s->head) & 0x7fffffff; break;
  case 5: r->win = be32(s->head); break;
  case 4:
    if (be16(s->head) == 6) {        /* ping: answer it */
      uint8_t u[6];
      pb16(u, 7); memcpy(u + 2, s->head + 2, 4);
      rtmp_send(c, 2, 4, 0, u, 6);
      flush_out(c);
    }
    break;
  case 8: case 9:
    if (c->kind != K_PUB) {
      if (c->state == S_START) { c->state = S_RUN; c->t_run = now_ns(); }
      on_media(c, s->type, s->ts, s->len, s->head);
    }
    break;
  case 17: if (s->len > 1) rtmp_command(c, s->head + 1, s->len - 1); break;
  case 20: rtmp_command(c, s->head, s->len); break;
  }
}
static void rtmp_input(conn_t *c, const uint8_t *p, size_t n) {
  rtmp_t *r = c->r;
  if (r->hs < 3073) {
    while (n && r->hs < 3073) {
      if (r->hs == 0 && *p != 3) { conn_fail(c, "not RTMP"); return; }
      if (r->hs >= 1 && r->hs < 1537) r->s1[r->hs - 1] = *p;
      r->hs++; p++; n--;
    }
    if (r->hs < 3073) return;
    put_out(c, r->s1, 1536);
    rtmp_connect(c);
    flush_out(c);
  }
  while (n && c->state != S_DEAD) {
    if (r->cur && r->left) {
      cs_t *s = r->cur;
      uint32_t k = r->left < n ? r->left : (uint32_t)n;
      uint32_t cap = s->type == 8 || s->type == 9 ? HEAD : MSGBUF;
      if (s->got < cap) {
        uint32_t m = cap - s->got < k ? cap - s->got : k;
        memcpy(s->head + s->got, p, m);
      }
      s->got += k; r->left -= k; p += k; n -= k;
      if (!r->left) {
        r->cur = NULL;
        if (s->got == s->len) { s->got = 0; rtmp_message(c, s); }
      }
      continue;
    }
    /* chunk header, gathered byte by byte: it is at most 18 bytes */
    r->hdr[r->hn++] = *p++; n--;
    int b = r->hdr[0] & 63, basic = b == 0 ? 2 : b == 1 ? 3 : 1, fmt = r->hdr[0] >> 6;
    if (r->hn < basic) continue;
    int csid = b == 0 ? 64 + r->hdr[1] : b == 1 ? 64 + r->hdr[1] + 256 * r->hdr[2] : b;
    cs_t **ps = &r->cs[csid & 63], *s = *ps;
    if (!s) s = *ps = xcalloc(1, sizeof *s);
    static const int mh[4] = {11, 7, 3, 0};
    int need = basic + mh[fmt];
    if (r->hn < need) continue;
    uint8_t *h = r->hdr + basic;
    bool ext = fmt == 3 ? s->ext : be24(h) == 0xffffff;
    if (ext) need += 4;
    if (r->hn < need) continue;
    uint32_t t = fmt == 3 ? 0 : be24(h);
    if (ext && fmt != 3) t = be32(r->hdr + need - 4);
    s->ext = ext;
    if (fmt <= 1) { s->len = be24(h + 3); s->type = h[6]; }
    if (fmt == 0) { s->msid = (uint32_t)h[7] | (uint32_t)h[8] << 8; s->ts = t; s->delta = 0; }
    else if (fmt < 3) { s->delta = t; s->ts += t; }
    else if (s->got == 0) s->ts += s->delta;
    r->hn = 0;
    uint32_t rest = s->len - s->got;
    r->left = rest < r->in_chunk ? rest : r->in_chunk;
    r->cur = s;
    if (s->len > 16u << 20) { conn_fail(c, "message too large"); return; }
    if (!r->left) { r->cur = NULL; s->got = 0; if (s->len == 0) continue; }
  }
  if (c->state == S_DEAD) return;
  if (r->win && c->rx - r->acked >= r->win) {
    uint8_t u[4];
    r->acked = c->rx;
    pb32(u, (uint32_t)c->rx);
    rtmp_send(c, 2, 3, 0, u, 4);
    flush_out(c);
  }
}

/* ----------------------------------------------------------- HTTP, inbound */
static void flv_input(conn_t *c, const uint8_t *p, size_t n) {
  http_t *h = c->h;
  while (n) {
    if (h->fstate == 0) {            /* file header and first back pointer */
      size_t k = (size_t)(13 - h->tn) < n ? (size_t)(13 - h->tn) : n;
      h->tn += (int)k; p += k; n -= k;
      if (h->tn == 13) { h->tn = 0; h->fstate = 1; }
    } else if (h->fstate == 1) {     /* tag header */
      h->th[h->tn++] = *p++; n--;
      if (h->tn == 11) {
        h->ttype = h->th[0] & 31; h->tlen = be24(h->th + 1);
        h->tts = be24(h->th + 4) | (uint32_t)h->th[7] << 24;
        h->tgot = 0; h->tn = 0; h->fstate = 2;
      }
    } else {                         /* payload and back pointer */
      uint32_t total = h->tlen + 4, k = total - h->tgot < n ? total - h->tgot : (uint32_t)n;
      if (h->tgot < HEAD) {
        uint32_t m = HEAD - h->tgot < k ? HEAD - h->tgot : k;
        memcpy(h->head + h->tgot, p, m);
      }
      bool had = h->tgot >= h->tlen;
      h->tgot += k; p += k; n -= k;
      if (!had && h->tgot >= h->tlen) {
        if (c->state == S_START) { c->state = S_RUN; c->t_run = now_ns(); }
        on_media(c, h->ttype, h->tts, h->tlen, h->head);
      }
      if (h->tgot == total) h->fstate = 1;
    }
  }
}
static void hls_body(conn_t *c, const uint8_t *p, size_t n);
static void hls_done(conn_t *c);
static void body_bytes(conn_t *c, const uint8_t *p, size_t n) {
  if (c->kind == K_HLS) hls_body(c, p, n); else flv_input(c, p, n);
}
static void http_reset(http_t *h) { h->hn = 0; h->in_body = h->chunked = h->close_end = false; h->left = -1; h->cstate = 0; h->cln = 0; }
static const char *hdr_find(const char *hdr, const char *name) {
  const char *p = strcasestr(hdr, name);
  return p ? p + strlen(name) : NULL;
}
static void http_input(conn_t *c, const uint8_t *p, size_t n) {
  http_t *h = c->h;
  while (n && c->state != S_DEAD) {
    if (!h->in_body) {
      if (h->hn >= (int)sizeof h->hdr - 1) { conn_fail(c, "HTTP header too long"); return; }
      h->hdr[h->hn++] = (char)*p++; n--;
      if (h->hn < 4 || memcmp(h->hdr + h->hn - 4, "\r\n\r\n", 4)) continue;
      h->hdr[h->hn] = 0;
      h->status = h->hn > 12 ? atoi(h->hdr + 9) : 0;
      const char *v;
      h->chunked = (v = hdr_find(h->hdr, "\r\ntransfer-encoding:")) && strcasestr(v, "chunked");
      h->left = (v = hdr_find(h->hdr, "\r\ncontent-length:")) ? atoll(v) : -1;
      h->close_end = (v = hdr_find(h->hdr, "\r\nconnection:")) && !strncasecmp(v + strspn(v, " "), "close", 5);
      h->in_body = true; h->cstate = 0; h->cln = 0;
      if (c->kind != K_HLS && h->status != 200) { char e[64]; snprintf(e, sizeof e, "HTTP %d", h->status); conn_fail(c, e); return; }
      if (!h->chunked && h->left == 0 && c->kind == K_HLS) hls_done(c);
      continue;
    }
    if (!h->chunked) {
      size_t k = h->left >= 0 && (uint64_t)h->left < n ? (size_t)h->left : n;
      body_bytes(c, p, k);
      p += k; n -= k;
      if (h->left >= 0 && (h->left -= (int64_t)k) == 0 && c->kind == K_HLS) hls_done(c);
      else if (h->left == 0) { conn_fail(c, "stream ended"); return; }
      continue;
    }
    if (h->cstate == 0) {            /* chunk size line */
      char ch = (char)*p++; n--;
      if (h->cln < 31) h->cl[h->cln++] = ch;
      if (ch == '\n') {
        h->cl[h->cln] = 0; h->cln = 0;
        h->left = strtoll(h->cl, NULL, 16);
        h->cstate = h->left ? 1 : 3;
      }
    } else if (h->cstate == 1) {
      size_t k = (uint64_t)h->left < n ? (size_t)h->left : n;
      body_bytes(c, p, k);
      p += k; n -= k;
      if ((h->left -= (int64_t)k) == 0) h->cstate = 2;
    } else {                         /* CRLF after a chunk, or after the last one */
      char ch = (char)*p++; n--;
      if (ch == '\n') {
        if (h->cstate == 2) h->cstate = 0;
        else if (c->kind == K_HLS) hls_done(c);
        else { conn_fail(c, "stream ended"); return; }
      }
    }
  }
}

/* ----------------------------------------------------------- RTSP, inbound */
static void rtsp_request(conn_t *c) {
  static const char *const methods[] = {"DESCRIBE", "SETUP", "SETUP", "PLAY"};
  static const char *const headers[] = {"Accept: application/sdp\r\n", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n",
                                        "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n", "Range: npt=now-\r\n"};
  static const char *const tracks[] = {"", "/trackID=0", "/trackID=1", ""};
  rtsp_t *s = c->s;
  char url[1024], b[2048];
  subst(url, sizeof url, o.rtsp_url, c->pub);
  int n = snprintf(b, sizeof b, "%s %s%s RTSP/1.0\r\nCSeq: %d\r\nUser-Agent: bench\r\n%s%s%s%s\r\n", methods[s->step], url, tracks[s->step],
                   s->step + 1, headers[s->step], s->session[0] ? "Session: " : "", s->session, s->session[0] ? "\r\n" : "");
  s->hn = 0;
  put_out(c, b, (size_t)n);
  flush_out(c);
}
static void rtsp_reply(conn_t *c) {
  rtsp_t *s = c->s;
  s->hdr[s->hn] = 0;
  if (s->hn < 12 || atoi(s->hdr + 9) != 200) { char e[64]; snprintf(e, sizeof e, "RTSP %.40s", s->hdr); conn_fail(c, e); return; }
  const char *v;
  if ((v = hdr_find(s->hdr, "\r\nsession:"))) {
    v += strspn(v, " ");
    snprintf(s->session, sizeof s->session, "%.*s", (int)strcspn(v, ";\r"), v);
  }
  s->body = (v = hdr_find(s->hdr, "\r\ncontent-length:")) ? atoll(v) : 0;
  s->hn = 0;
  if (s->step == 3) { c->state = S_RUN; c->t_run = now_ns(); s->step = 4; }
}
/* A NAL unit of H.264 as far as it is here: what identifies a picture is the beginning of its first slice. */
static void rtsp_nal(rtsp_t *s, const uint8_t *p, size_t n) {
  int t = p[0] & 31;
  if ((t != 1 && t != 5) || s->slice) return;
  s->slice = true; s->key = t == 5;
  s->idx = tbl_get(tbl_nal, nal_key(p, n));
}
static void rtsp_packet(conn_t *c) {
  rtsp_t *s = c->s;
  if (s->pk[1] == 2) { c->aframes++; return; }
  uint8_t *p = s->pk + 16;             /* 4 bytes of interleaving, 12 of RTP */
  if (s->pk[1] != 0 || s->pn < 20) return;
  size_t n = s->pn - 16;
  int t = p[0] & 31;
  if (t == 28) {
    /* only its first fragment has the header of the NAL unit */
    if (p[1] & 0x80) { p[1] = (uint8_t)((p[0] & 0xe0) | (p[1] & 31)); rtsp_nal(s, p + 1, n - 1); }
  } else if (t == 24) {
    for (size_t at = 1; at + 2 < n;) {
      size_t l = be16(p + at);
      if (l == 0 || at + 2 + l > n) break;
      rtsp_nal(s, p + at + 2, l);
      at += 2 + l;
    }
  } else rtsp_nal(s, p, n);
  if (!(s->pk[5] & 0x80)) return;      /* the marker ends the picture */
  if (s->slice) on_picture(c, be32(s->pk + 8) / 90, s->key, s->idx);
  s->slice = false;
}
static void rtsp_input(conn_t *c, const uint8_t *p, size_t n) {
  rtsp_t *s = c->s;
  while (n && c->state != S_DEAD) {
    if (s->body > 0) {
      size_t k = (uint64_t)s->body < n ? (size_t)s->body : n;
      p += k; n -= k;
      s->body -= (int64_t)k;
    } else if (s->hn == 0 && (s->pn > 0 || *p == '$')) {
      uint32_t need = s->pn < 4 ? 4 : 4 + be16(s->pk + 2);
      if (need > sizeof s->pk) { conn_fail(c, "RTP packet too long"); return; }
      uint32_t k = need - s->pn < n ? need - s->pn : (uint32_t)n;
      memcpy(s->pk + s->pn, p, k);
      s->pn += k; p += k; n -= k;
      if (s->pn >= 4 && s->pn == 4 + be16(s->pk + 2)) { rtsp_packet(c); s->pn = 0; }
      continue;
    } else {
      if (s->hn >= (int)sizeof s->hdr - 1) { conn_fail(c, "RTSP header too long"); return; }
      s->hdr[s->hn++] = (char)*p++; n--;
      if (s->hn < 4 || memcmp(s->hdr + s->hn - 4, "\r\n\r\n", 4)) continue;
      rtsp_reply(c);
    }
    if (s->body == 0 && s->hn == 0 && s->step < 3) { s->step++; rtsp_request(c); }
  }
}

/* ---------------------------------------------------------------------- HLS */
static void http_get(conn_t *c, const char *host, int port, const char *path) {
  char b[1400];
  int n = snprintf(b, sizeof b, "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: bench\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n", path, host, port);
  http_reset(c->h);
  put_out(c, b, (size_t)n);
  flush_out(c);
}
static void hls_reopen(conn_t *c) {
  if (c->fd >= 0) close(c->fd);
  c->on = 0;
  open_conn(c, c->l->host, c->l->port);
}
static void hls_request(conn_t *c, const char *path, bool is_pl) {
  hls_t *l = c->l;
  l->busy = true; l->is_pl = is_pl; l->bn = 0; l->req_at = now_ns();
  http_get(c, l->host, l->port, path);
}
static void hls_body(conn_t *c, const uint8_t *p, size_t n) {
  hls_t *l = c->l;
  if (!l->is_pl && !o.hls_lat) { l->bn += n; return; }
  if (l->bn + n + 1 > l->bcap) {
    l->bcap = (l->bn + n) * 2 + 4096;
    if (l->bcap > 64u << 20) { conn_fail(c, "HLS body too large"); return; }
    l->body = realloc(l->body, l->bcap);
    if (!l->body) die("out of memory");
  }
  memcpy(l->body + l->bn, p, n);
  l->bn += n;
}
static void resolve_uri(hls_t *l, const char *uri, char *dst, size_t cap) {
  char host[64]; int port;
  if (!strncmp(uri, "http://", 7)) { split_url(uri, "http://", host, sizeof host, &port, 80, dst, cap); return; }
  if (uri[0] == '/') { snprintf(dst, cap, "%s", uri); return; }
  snprintf(dst, cap, "%s", l->playlist);
  char *q = strchr(dst, '?'); if (q) *q = 0;
  char *s = strrchr(dst, '/');
  size_t at = s ? (size_t)(s - dst) + 1 : 0;
  snprintf(dst + at, cap - at, "%s", uri);
}
static void hls_playlist(conn_t *c, int64_t now) {
  hls_t *l = c->l;
  l->body[l->bn] = 0;
  l->n_pl++;
  char *save = NULL, *line = strtok_r((char *)l->body, "\r\n", &save);
  if (!line || strncmp(line, "#EXTM3U", 7)) { l->n_err++; return; }
  int64_t seq = 0; bool variant = false; double dur = 0;
  for (; line; line = strtok_r(NULL, "\r\n", &save)) {
    if (!strncmp(line, "#EXT-X-MEDIA-SEQUENCE:", 22)) seq = atoll(line + 22);
    else if (!strncmp(line, "#EXT-X-TARGETDURATION:", 22)) l->target = atof(line + 22);
    else if (!strncmp(line, "#EXTINF:", 8)) dur = atof(line + 8);
    else if (!strncmp(line, "#EXT-X-STREAM-INF", 17)) variant = true;
    else if (line[0] != '#' && line[0]) {
      if (variant) {                 /* a multivariant playlist: follow its first entry */
        char path[512];
        resolve_uri(l, line, path, sizeof path);
        if (++l->variant_hops > 3) { l->n_err++; return; }
        snprintf(l->playlist, sizeof l->playlist, "%s", path);
        l->next_poll = now;
        return;
      }
      bool first = l->last_seq < 0;
      if (seq > l->last_seq) {
        if (!first && seq > l->last_seq + 1) l->n_miss += (uint64_t)(seq - l->last_seq - 1);
        l->last_seq = seq;
        l->listed_dur += dur;
        /* what is already listed at the first look has an unknown listing time */
        if (l->qn < 64 && o.hls_fetch) {
          seg_t *s = &l->q[l->qn++];
          resolve_uri(l, line, s->uri, sizeof s->uri);
          s->dur = dur; s->seen = l->n_pl <= (uint64_t)(l->variant_hops + 1) ? 0 : now;
        }
      }
      seq++;
    }
  }
}
static void hls_frame(conn_t *c, const uint8_t *es, size_t n, int64_t seen, int64_t *first, int64_t *last, int *lastidx) {
  for (size_t i = 0; i + 4 < n; i++) {
    if (es[i] || es[i + 1] || es[i + 2] != 1) continue;
    int t = es[i + 3] & 31;
    if (t != 1 && t != 5) { i += 2; continue; }
    int idx = tbl_get(tbl_nal, nal_key(es + i + 3, n - i - 3));
    c->l->n_frames++;
    if (idx < 0) return;
    if (c->l->last_idx >= 0) {
      int d = (idx - c->l->last_idx + nvid) % nvid;
      if (d > 1) c->missing += (uint64_t)(d - 1);
    }
    c->l->last_idx = idx;
    *lastidx = idx;
    int64_t s = sent_ns[c->pub][idx];
    if (s && s < seen) {
      if (!*first) *first = s;
      *last = s;
      if (in_window && s > win_from) sample_add(&s_hls_lat, (double)(seen - s) / 1e6);
    }
    return;
  }
}
static void hls_segment(conn_t *c) {
  /* MPEG-TS: PAT, PMT, then the H.264 elementary stream frame by frame */
  hls_t *l = c->l;
  int pmt = -1, vpid = -1;
  static uint8_t es[4 << 20];
  size_t en = 0;
  int64_t first = 0, last = 0, seen = l->cur.seen ? l->cur.seen : 0;
  int lastidx = -1;
  if (!seen) seen = INT64_MAX;       /* unknown listing time: continuity only */
  for (size_t p = 0; p + 188 <= l->bn; p += 188) {
    uint8_t *k = l->body + p;
    if (k[0] != 0x47) { l->n_err++; break; }
    int pid = (int)(be16(k + 1) & 0x1fff);
    bool pusi = k[1] & 0x40;
    size_t off = 4 + (k[3] & 0x20 ? 1u + k[4] : 0u);
    if (!(k[3] & 0x10) || off >= 188) continue;
    if (pid == 0 && pusi) { uint8_t *s = k + off + 1 + k[off]; pmt = (int)(be16(s + 10) & 0x1fff); }
    else if (pid == pmt && pusi) {
      uint8_t *s = k + off + 1 + k[off], *e = s + 3 + (be16(s + 1) & 0xfff) - 4;
      for (uint8_t *q = s + 12 + (be16(s + 10) & 0xfff); q + 5 <= e && q + 5 <= k + 188; q += 5 + (be16(q + 3) & 0xfff))
        if (q[0] == 0x1b) vpid = (int)(be16(q + 1) & 0x1fff);
    } else if (pid == vpid) {
      if (pusi) {
        if (en) hls_frame(c, es, en, seen, &first, &last, &lastidx);
        en = 0;
        off += 9u + k[off + 8];
        if (off >= 188) continue;
      }
      if (en + 188 < sizeof es) { memcpy(es + en, k + off, 188 - off); en += 188 - off; }
    }
  }
  if (en) hls_frame(c, es, en, seen, &first, &last, &lastidx);
  if (l->cur.seen && in_window && first > win_from && lastidx >= 0) {
    sample_add(&s_hls_first, (double)(seen - first) / 1e6);
    sample_add(&s_hls_last, (double)(seen - last) / 1e6);
    sample_add(&s_hls_segdur, l->cur.dur * 1e3);
    int64_t nx = sent_ns[c->pub][(lastidx + 1) % nvid];
    if (nx > last) sample_add(&s_hls_close, (double)(seen - nx) / 1e6);
  }
}
static void hls_done(conn_t *c) {
  hls_t *l = c->l;
  int64_t now = now_ns();
  bool ok = c->h->status == 200, closing = c->h->close_end;
  l->busy = false;
  if (l->is_pl) {
    if (ok && l->bn) { if (!c->t_first) c->t_first = now; hls_playlist(c, now); }
    else if (l->n_pl) l->n_err++;    /* a 404 before the first segment is not an error */
  } else {
    if (ok) {
      l->n_seg++;
      if (in_window) sample_add(&s_hls_fetch, (double)(now - l->req_at) / 1e6);
      if (o.hls_lat) hls_segment(c);
      if (!c->t_key) { c->t_key = now; }
    } else l->n_err++;
  }
  http_reset(c->h);
  if (closing) { hls_reopen(c); return; }
  if (l->qn) {
    l->cur = l->q[0];
    memmove(l->q, l->q + 1, sizeof(seg_t) * (size_t)--l->qn);
    hls_request(c, l->cur.uri, false);
  }
}
static void hls_tick(conn_t *c, int64_t now) {
  hls_t *l = c->l;
  if (c->state == S_DEAD) {          /* a server may close an idle connection */
    if (now >= l->next_poll) { l->next_poll = now + (int64_t)o.hls_poll_ms * MS; c->err[0] = 0; l->busy = false; hls_reopen(c); }
    return;
  }
  if (c->state != S_RUN || l->busy) return;
  if (l->qn) {
    l->cur = l->q[0];
    memmove(l->q, l->q + 1, sizeof(seg_t) * (size_t)--l->qn);
    hls_request(c, l->cur.uri, false);
  } else if (now >= l->next_poll) {
    l->next_poll = now + (int64_t)o.hls_poll_ms * MS;
    hls_request(c, l->playlist, true);
  }
}

/* --------------------------------------------------------------- life cycle */
static void conn_begin(conn_t *c) {
  char host[64], path[512], url[1024];
  int port;
  c->last_idx = -1;
  if (c->kind == K_PUB || c->kind == K_PLAY || (c->kind == K_JOIN && !strcmp(o.join_kind, "rtmp"))) {
    char app[256], stream[512];
    conn_urls(c, host, sizeof host, &port, app, sizeof app, stream, sizeof stream);
    c->r = xcalloc(1, sizeof *c->r);
    c->r->in_chunk = 128;
  } else if (c->kind == K_RTSP) {
    subst(url, sizeof url, o.rtsp_url, c->pub);
    split_url(url, "rtsp://", host, sizeof host, &port, 554, path, sizeof path);
    c->s = xcalloc(1, sizeof *c->s);
  } else if (c->kind == K_FLV || c->kind == K_HLS || c->kind == K_JOIN) {
    subst(url, sizeof url, c->kind == K_HLS ? o.hls_url : o.flv_url, c->pub);
    split_url(url, "http://", host, sizeof host, &port, 80, path, sizeof path);
    c->h = xcalloc(1, sizeof *c->h);
    http_reset(c->h);
    if (c->kind == K_HLS) {
      c->l = xcalloc(1, sizeof *c->l);
      snprintf(c->l->host, sizeof c->l->host, "%s", host);
      c->l->port = port;
      snprintf(c->l->playlist, sizeof c->l->playlist, "%s", path);
      c->l->last_seq = -1; c->l->last_idx = -1;
    }
  } else {
    snprintf(url, sizeof url, "raw://%s", c->kind == K_RAWPUB ? o.raw_pub : o.raw_read);
    split_url(url, "raw://", host, sizeof host, &port, 0, path, sizeof path);
    if (c->kind == K_RAWREAD && o.raw_parse) {   /* the bytes are the publisher's chunk stream */
      c->r = xcalloc(1, sizeof *c->r);
      c->r->hs = 3073; c->r->in_chunk = (uint32_t)o.chunk;
    }
  }
  open_conn(c, host, port);
}
static void conn_connected(conn_t *c) {
  int e = 0; socklen_t l = sizeof e;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &l);
  if (e) { conn_fail(c, strerror(e)); return; }
  want_out(c, false);
  if (c->r && c->kind != K_RAWREAD) {
    uint8_t b[1537];
    b[0] = 3;
    memset(b + 1, 0, 8);
    for (int i = 9; i < 1537; i++) b[i] = (uint8_t)(i * 7 + c->id);
    put_out(c, b, sizeof b);
    c->state = S_HS;
    flush_out(c);
  } else if (c->kind == K_HLS) { c->state = S_RUN; hls_tick(c, now_ns()); }
  else if (c->s) { c->state = S_START; rtsp_request(c); }
  else if (c->h) {
    char url[1024], host[64], path[512]; int port;
    subst(url, sizeof url, o.flv_url, c->pub);
    split_url(url, "http://", host, sizeof host, &port, 80, path, sizeof path);
    c->state = S_START;
    http_get(c, host, port, path);
  } else if (c->kind == K_RAWPUB) { c->msid = 1; pub_begin(c); }
  else { c->state = S_RUN; c->t_run = now_ns(); }
}
static uint8_t rbuf[256 * 1024];
static void conn_event(conn_t *c, uint32_t ev) {
  if (c->fd < 0) return;
  if (c->state == S_TCP) {
    if (ev & (EPOLLOUT | EPOLLERR | EPOLLHUP)) conn_connected(c);
    return;
  }
  if (ev & EPOLLOUT) {
    if (c->on) flush_out(c);
    if (c->state == S_DEAD) return;
    if ((c->kind == K_PUB || c->kind == K_RAWPUB) && c->state == S_RUN && o.unpaced) pub_pump(c, now_ns());
    else if (!c->on) want_out(c, false);
  }
  if (c->state == S_DEAD || !(ev & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
  ssize_t n = recv(c->fd, rbuf, sizeof rbuf, 0);
  if (n == 0) {
    if (c->kind == K_HLS && c->l->busy && c->h->in_body && c->h->left < 0 && !c->h->chunked) hls_done(c);
    conn_fail(c, "closed by server");
    return;
  }
  if (n < 0) { if (errno != EAGAIN) conn_fail(c, strerror(errno)); return; }
  c->rx += (uint64_t)n;
  if (c->r) rtmp_input(c, rbuf, (size_t)n);
  else if (c->h) http_input(c, rbuf, (size_t)n);
  else if (c->s) rtsp_input(c, rbuf, (size_t)n);
  else if (c->kind == K_RAWREAD) { if (!c->t_first) c->t_first = now_ns(); }
}

static conn_t *new_conn(int kind, int pub) {
  conn_t *c = &conns[nconns];
  c->kind = kind; c->id = kind == K_PUB || kind == K_RAWPUB ? pub : nconns; c->pub = pub; c->fd = -1;
  nconns++;
  return c;
}
static void free_conn(conn_t *c) {
  if (c->fd >= 0) close(c->fd);
  if (c->r) { for (int i = 0; i < 64; i++) free(c->r->cs[i]); free(c->r); }
  free(c->h); free(c->s); free(c->out); free(c->prol);
  memset(c, 0, sizeof *c);
  c->fd = -1; c->state = S_DEAD;
}

static int64_t hard_stop;
static void loop_once(int64_t until) {
  struct epoll_event ev[256];
  int64_t now = now_ns();
  static int64_t next_tick;
  if (now >= hard_stop) die("hard time limit reached");
  if (now >= next_tick) {
    next_tick = now + (int64_t)o.tick_us * 1000;
    for (int i = 0; i < nconns; i++) {
      conn_t *c = &conns[i];
      if ((c->kind == K_PUB || c->kind == K_RAWPUB) && !o.unpaced) { if (c->state == S_RUN) pub_pump(c, now); }
      else if (c->kind == K_HLS && c->state != S_NEW) hls_tick(c, now);
    }
  }
  int64_t wait = next_tick - now_ns();
  if (until - now < wait) wait = until - now;
  struct timespec ts = {0, wait > 0 ? (long)(wait % SEC) : 0};
  int n = epoll_pwait2(ep, ev, 256, &ts, NULL);
  for (int i = 0; i < n; i++) conn_event(ev[i].data.ptr, ev[i].events);
}
static void run_for(int64_t ns) {
  int64_t end = now_ns() + ns;
  while (now_ns() < end) loop_once(end);
}
static int count_state(int k1, int k2, bool want_media) {
  int n = 0;
  for (int i = 0; i < nconns; i++) {
    conn_t *c = &conns[i];
    if (c->kind != k1 && c->kind != k2) continue;
    if (c->state == S_DEAD || (c->state == S_RUN && (!want_media || c->t_first || c->kind == K_HLS))) n++;
  }
  return n;
}

typedef struct { uint64_t tx, rx_rtmp, rx_flv, rx_rtsp, rx_hls, rx_raw, vf, af, sent_v, missing, backwards; double cpu; } snap_t;
static snap_t take(void) {
  snap_t s = {0};
  for (int i = 0; i < nconns; i++) {
    conn_t *c = &conns[i];
    s.tx += c->tx; s.sent_v += c->vtags_sent;
    if (c->kind == K_PLAY) s.rx_rtmp += c->rx;
    if (c->kind == K_FLV) s.rx_flv += c->rx;
    if (c->kind == K_RTSP) s.rx_rtsp += c->rx;
    if (c->kind == K_HLS) s.rx_hls += c->rx;
    if (c->kind == K_RAWREAD) s.rx_raw += c->rx;
    s.vf += c->vframes; s.af += c->aframes; s.missing += c->missing; s.backwards += c->backwards;
  }
  s.cpu = self_cpu_ms();
  return s;
}

static void event_line(const char *ev) {
  printf("{\"ev\":\"%s\"}\n", ev);
  fflush(stdout);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *k = argv[i];
    if (!strcmp(k, "--unpaced")) { o.unpaced = 1; continue; }
    if (!strcmp(k, "--verbose")) { o.verbose = 1; continue; }
    if (i + 1 >= argc) die("%s needs a value", k);
    const char *v = argv[++i];
    if (!strcmp(k, "--names")) { read_words(v, names); continue; }
    if (!strcmp(k, "--ids")) { read_words(v, ids); continue; }
#define STR(n, f) else if (!strcmp(k, n)) o.f = v
#define INT(n, f) else if (!strcmp(k, n)) o.f = atoi(v)
    if (0) {}
    STR("--flv", flv); STR("--rtmp", rtmp); STR("--name", name); STR("--play-rtmp", play_rtmp);
    STR("--play-name", play_name); STR("--flv-url", flv_url); STR("--rtsp-url", rtsp_url); STR("--hls-url", hls_url);
    STR("--raw-pub", raw_pub); STR("--raw-read", raw_read); STR("--join-kind", join_kind);
    INT("--pubs", pubs); INT("--players", players); INT("--flvs", flvs); INT("--rtsps", rtsps); INT("--hlss", hlss); INT("--raws", raws);
    INT("--joins", joins); INT("--chunk", chunk); INT("--settle-ms", settle_ms); INT("--warm-ms", warm_ms);
    INT("--dur-ms", dur_ms); INT("--ramp", ramp); INT("--tick-us", tick_us); INT("--hls-poll-ms", hls_poll_ms);
    INT("--hls-fetch", hls_fetch); INT("--hls-latency", hls_lat); INT("--join-gap-ms", join_gap_ms);
    INT("--join-hold-ms", join_hold_ms); INT("--max-s", max_s); INT("--stagger-ms", stagger_ms);
    INT("--same-source", same_src); INT("--raw-parse", raw_parse);
    else die("unknown option %s", k);
  }
  if (!o.flv) die("--flv FILE is required");
  if (!o.rtmp && !o.raw_pub) die("--rtmp URL (or --raw-pub HOST:PORT) is required");
  signal(SIGPIPE, SIG_IGN);
  hard_stop = now_ns() + (int64_t)o.max_s * SEC;
  load_source();
  ep = epoll_create1(0);
  conns = xcalloc((size_t)(o.pubs + o.players + o.flvs + o.rtsps + o.hlss + o.raws + 2), sizeof *conns);
  sent_ns = xcalloc((size_t)o.pubs + 1, sizeof *sent_ns);
  for (int i = 0; i <= o.pubs; i++) sent_ns[i] = xcalloc((size_t)nvid, sizeof **sent_ns);
  int64_t step = SEC / (o.ramp > 0 ? o.ramp : 1);

  if (o.raw_parse) for (int i = 0; i < o.raws; i++) { conn_begin(new_conn(K_RAWREAD, 0)); run_for(step); }
  for (int i = 0; i < o.pubs; i++) { conn_begin(new_conn(o.raw_pub ? K_RAWPUB : K_PUB, i)); run_for(step); }
  for (int64_t t = now_ns() + 15 * SEC; count_state(K_PUB, K_RAWPUB, false) < o.pubs && now_ns() < t;) run_for(20 * MS);
  run_for((int64_t)o.settle_ms * MS);
  /* a reader follows publisher 0, or publisher i modulo N with --same-source 0 */
#define SRC(i) (o.same_src || !o.pubs ? 0 : (i) % o.pubs)
  for (int i = 0; i < o.players; i++) { conn_begin(new_conn(K_PLAY, SRC(i))); run_for(step); }
  for (int i = 0; i < o.flvs; i++) { conn_begin(new_conn(K_FLV, SRC(i))); run_for(step); }
  for (int i = 0; i < o.rtsps; i++) { conn_begin(new_conn(K_RTSP, SRC(i))); run_for(step); }
  if (!o.raw_parse) for (int i = 0; i < o.raws; i++) { conn_begin(new_conn(K_RAWREAD, SRC(i))); run_for(step); }
  for (int i = 0; i < o.hlss; i++) {
    conn_t *c = new_conn(K_HLS, SRC(i));
    conn_begin(c);
    run_for(o.hlss > 1 ? (int64_t)o.hls_poll_ms * MS / o.hlss : step);
  }
  for (int64_t t = now_ns() + 10 * SEC; count_state(K_PLAY, K_FLV, true) + count_state(K_RTSP, K_RTSP, true) < o.players + o.flvs + o.rtsps && now_ns() < t;)
    run_for(20 * MS);
  run_for((int64_t)o.warm_ms * MS);

  for (int i = 0; i < nconns; i++) conns[i].max_lag = 0;
  event_line("window_start");
  int64_t w0 = now_ns();
  win_from = w0; in_window = true;
  snap_t a = take();
  int join_ok = 0, join_fail = 0;
  if (o.joins) {
    /* one new player after another; the gaps (golden-ratio steps over one GOP) spread the
       joins evenly over the phases of the GOP, also when a join ends on a key frame */
    for (int j = 0; j < o.joins; j++) {
      conn_t *c = &conns[nconns];
      memset(c, 0, sizeof *c);
      new_conn(K_JOIN, 0);
      conn_begin(c);
      int64_t lim = now_ns() + 6 * SEC;
      while (!c->t_key && c->state != S_DEAD && now_ns() < lim) loop_once(now_ns() + 2 * MS);
      if (c->t_key) {
        join_ok++;
        sample_add(&s_join_first, (double)(c->t_first - c->t_start) / 1e6);
        sample_add(&s_join_key, (double)(c->t_key - c->t_start) / 1e6);
        if (c->first_age >= 0) sample_add(&s_join_age, c->first_age);
        if (o.join_hold_ms) run_for((int64_t)o.join_hold_ms * MS);
      } else join_fail++;
      nconns--;
      free_conn(c);
      double ph = j * 0.6180339887498949;
      run_for((int64_t)((ph - (double)(int64_t)ph) * o.join_gap_ms * 1e6));
    }
  } else run_for((int64_t)o.dur_ms * MS);
  snap_t b = take();
  int64_t w1 = now_ns();
  in_window = false;
  event_line("window_end");

  double secs = (double)(w1 - w0) / 1e9;
  int dead = 0; int64_t lag = 0; const char *err = "";
  uint64_t hseg = 0, herr = 0, hmiss = 0, hpl = 0, hfr = 0; double hdur = 0, htarget = 0;
  for (int i = 0; i < nconns; i++) {
    conn_t *c = &conns[i];
    if (c->state == S_DEAD && c->kind != K_HLS) { dead++; err = c->err; }
    if (c->max_lag > lag) lag = c->max_lag;
    if (c->l) { hseg += c->l->n_seg; herr += c->l->n_err; hmiss += c->l->n_miss; hpl += c->l->n_pl; hfr += c->l->n_frames; hdur += c->l->listed_dur; htarget = c->l->target; }
  }
  FILE *f = stdout;
  fprintf(f, "{\"ev\":\"result\",\"window_s\":%.4f,\"pubs\":%d,\"players\":%d,\"flvs\":%d,\"hlss\":%d,\"raws\":%d,", secs, o.pubs, o.players, o.flvs, o.hlss, o.raws);
  fprintf(f, "\"source\":{\"tags\":%d,\"frames\":%d,\"period_ms\":%lld,\"loop_bytes\":%zu,\"dup_tags\":%d,\"dup_nals\":%d},", ntags, nvid, (long long)period_ms, prog_len, dup_tag, dup_nal);
  fprintf(f, "\"dead\":%d,\"error\":\"%s\",\"load_cpu_ms\":%.1f,", dead, err, b.cpu - a.cpu);
  fprintf(f, "\"tx_mbit\":%.3f,\"rx_rtmp_mbit\":%.3f,\"rx_flv_mbit\":%.3f,\"rx_rtsp_mbit\":%.3f,\"rx_hls_mbit\":%.3f,\"rx_raw_mbit\":%.3f,", (double)(b.tx - a.tx) * 8e-6,
          (double)(b.rx_rtmp - a.rx_rtmp) * 8e-6, (double)(b.rx_flv - a.rx_flv) * 8e-6, (double)(b.rx_rtsp - a.rx_rtsp) * 8e-6, (double)(b.rx_hls - a.rx_hls) * 8e-6, (double)(b.rx_raw - a.rx_raw) * 8e-6);
  fprintf(f, "\"pub_frames\":%llu,\"rx_vframes\":%llu,\"rx_aframes\":%llu,\"missing_frames\":%llu,\"backwards_ts\":%llu,\"stalls\":%llu,\"max_pub_lag_ms\":%lld,",
          (unsigned long long)(b.sent_v - a.sent_v), (unsigned long long)(b.vf - a.vf), (unsigned long long)(b.af - a.af),
          (unsigned long long)(b.missing - a.missing), (unsigned long long)(b.backwards - a.backwards), (unsigned long long)n_stall_total, (long long)lag);
  fprintf(f, "\"hls\":{\"playlists\":%llu,\"segments\":%llu,\"errors\":%llu,\"missed\":%llu,\"frames\":%llu,\"listed_s\":%.2f,\"target_s\":%.1f},",
          (unsigned long long)hpl, (unsigned long long)hseg, (unsigned long long)herr, (unsigned long long)hmiss, (unsigned long long)hfr, hdur, htarget);
  fprintf(f, "\"join_ok\":%d,\"join_fail\":%d,", join_ok, join_fail);
  sample_json(f, "lat_rtmp_ms", &s_lat_rtmp); fputc(',', f);
  sample_json(f, "lat_flv_ms", &s_lat_flv); fputc(',', f);
  sample_json(f, "lat_rtsp_ms", &s_lat_rtsp); fputc(',', f);
  sample_json(f, "start_rtmp_ms", &s_start_rtmp); fputc(',', f);
  sample_json(f, "start_flv_ms", &s_start_flv); fputc(',', f);
  sample_json(f, "start_rtsp_ms", &s_start_rtsp); fputc(',', f);
  sample_json(f, "join_first_ms", &s_join_first); fputc(',', f);
  sample_json(f, "join_key_ms", &s_join_key); fputc(',', f);
  sample_json(f, "join_age_ms", &s_join_age); fputc(',', f);
  sample_json(f, "hls_frame_ms", &s_hls_lat); fputc(',', f);
  sample_json(f, "hls_first_ms", &s_hls_first); fputc(',', f);
  sample_json(f, "hls_last_ms", &s_hls_last); fputc(',', f);
  sample_json(f, "hls_close_ms", &s_hls_close); fputc(',', f);
  sample_json(f, "hls_fetch_ms", &s_hls_fetch); fputc(',', f);
  sample_json(f, "hls_segdur_ms", &s_hls_segdur);
  fprintf(f, "}\n");
  fflush(f);
  /* leave cleanly: players first, then publishers */
  for (int i = nconns - 1; i >= 0; i--) if (conns[i].fd >= 0) close(conns[i].fd);
  return 0;
}
