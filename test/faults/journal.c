/* For LD_PRELOAD: writes what a process does to the files below $JOURNAL_BELOW into the file $JOURNAL, in order, and ends it
 * by SIGKILL before the $JOURNAL_CUT-th of these calls. A record is a line, and for a write the bytes behind it:
 *   O fd flags path   C fd   W fd offset length   T fd size   S fd   R from<tab>to   L from<tab>to   U path   M path
 * `journal.ts` reads it. Build: cc -shared -fPIC -O2 -o journal.so journal.c -ldl -lpthread */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FILES 4096
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watched[MOST_FILES];
static int journal = -1;
static long calls, cut;
static const char *below;
static size_t below_length;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("JOURNAL"), *limit = getenv("JOURNAL_CUT");
  below = getenv("JOURNAL_BELOW");
  if (path == NULL || below == NULL) return;
  below_length = strlen(below);
  cut = limit == NULL ? -1 : atol(limit);
  journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_below(const char *path) {
  return journal >= 0 && strncmp(path, below, below_length) == 0 &&
         (path[below_length] == '/' || path[below_length] == 0);
}
static int is_watched(int fd) { return journal >= 0 && fd >= 0 && fd < MOST_FILES && watched[fd]; }

/* Before a call: the lock is held until `leave`. */
static void enter(void) {
  pthread_mutex_lock(&lock);
  if (cut >= 0 && ++calls >= cut) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
}
static void leave(void) { pthread_mutex_unlock(&lock); }

static void put(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    long n = syscall(SYS_write, journal, at, length);
    if (n <= 0) abort();
    at += n;
    length -= (size_t)n;
  }
}
__attribute__((format(printf, 1, 2))) static void record(const char *format, ...) {
  char line[9000];
  va_list list;
  va_start(list, format);
  int n = vsnprintf(line, sizeof line, format, list);
  va_end(list);
  if (n < 0 || n >= (int)sizeof line) abort();
  put(line, (size_t)n);
}

static int opened(int fd, const char *path, int flags) {
  if (fd >= MOST_FILES) abort();
  if (fd >= 0) {
    watched[fd] = 1;
    record("O %d %d %s\n", fd, flags, path);
  }
  return fd;
}
static mode_t mode_of(int flags, va_list list) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; }

#define OPEN(name)                                     \
  int name(const char *path, int flags, ...) {         \
    va_list list;                                      \
    va_start(list, flags);                             \
    mode_t mode = mode_of(flags, list);                \
    va_end(list);                                      \
    if (!is_below(path)) return REAL(name)(path, flags, mode); \
    enter();                                           \
    int fd = opened(REAL(name)(path, flags, mode), path, flags); \
    leave();                                           \
    return fd;                                         \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (!is_watched(fd)) return REAL(close)(fd);
  pthread_mutex_lock(&lock);
  watched[fd] = 0;
  record("C %d\n", fd);
  int result = REAL(close)(fd);
  leave();
  return result;
}

static ssize_t wrote(int fd, const void *bytes, ssize_t n, long long offset) {
  if (n > 0) {
    record("W %d %lld %zd\n", fd, offset, n);
    put(bytes, (size_t)n);
  }
  return n;
}
ssize_t write(int fd, const void *bytes, size_t length) {
  if (!is_watched(fd)) return REAL(write)(fd, bytes, length);
  enter();
  ssize_t n = wrote(fd, bytes, REAL(write)(fd, bytes, length), -1);
  leave();
  return n;
}
#define PWRITE(name, off)                                             \
  ssize_t name(int fd, const void *bytes, size_t length, off at) {    \
    if (!is_watched(fd)) return REAL(name)(fd, bytes, length, at);    \
    enter();                                                          \
    ssize_t n = wrote(fd, bytes, REAL(name)(fd, bytes, length, at), at); \
    leave();                                                          \
    return n;                                                         \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* Several pieces become one: a call may write less than it is asked to. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
  return !is_watched(fd) ? REAL(writev)(fd, pieces, count) : write(fd, pieces[0].iov_base, pieces[0].iov_len);
}

#define TRUNCATE(name, off)                              \
  int name(int fd, off size) {                           \
    if (!is_watched(fd)) return REAL(name)(fd, size);    \
    enter();                                             \
    int result = REAL(name)(fd, size);                   \
    if (result == 0) record("T %d %lld\n", fd, (long long)size); \
    leave();                                             \
    return result;                                       \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                \
  int name(int fd) {                              \
    if (!is_watched(fd)) return REAL(name)(fd);   \
    enter();                                      \
    int result = REAL(name)(fd);                  \
    if (result == 0) record("S %d\n", fd);        \
    leave();                                      \
    return result;                                \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TWO(name, letter)                                      \
  int name(const char *from, const char *to) {                 \
    if (!is_below(from) && !is_below(to)) return REAL(name)(from, to); \
    enter();                                                   \
    int result = REAL(name)(from, to);                         \
    if (result == 0) record(letter " %s\t%s\n", from, to);     \
    leave();                                                   \
    return result;                                             \
  }
TWO(rename, "R")
TWO(link, "L")

#define ONE(name, letter)                                 \
  int name(const char *path) {                            \
    if (!is_below(path)) return REAL(name)(path);         \
    enter();                                              \
    int result = REAL(name)(path);                        \
    if (result == 0) record(letter " %s\n", path);        \
    leave();                                              \
    return result;                                        \
  }
ONE(unlink, "U")
ONE(rmdir, "U")

int mkdir(const char *path, mode_t mode) {
  if (!is_below(path)) return REAL(mkdir)(path, mode);
  enter();
  int result = REAL(mkdir)(path, mode);
  if (result == 0) record("M %s\n", path);
  leave();
  return result;
}
