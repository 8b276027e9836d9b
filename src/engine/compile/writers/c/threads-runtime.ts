/**
 * A pool of threads in C. `parallel` does the parts of a kernel on all of them; what a part computes doesn't depend on who
 * does it, so results have the same bits for every number of threads. Nobody waits for a thread that has not joined the job:
 * one that sleeps, or that the system does not run, costs nothing. Waiting threads spin for a while, then sleep.
 */
export const threadsRuntime: string = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
typedef void (*Kernel)(char *m, const i64 *at, i64 from, i64 to);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, busy = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static int workers = 0, asleep = 0;
static u64 gate = 0;          /* counts openings and closings: a job may be joined while it is odd */
static int inside = 0;        /* threads that have joined, or are finding out that they are too late */
static Kernel kernel; static char *memory; static const i64 *places;
static i64 parts, next, chunk;
static int helpers;
static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}
static void take(void) {
  for (;;) {
    i64 from = __atomic_fetch_add(&next, chunk, __ATOMIC_RELAXED);
    if (from >= parts) return;
    kernel(memory, places, from, from + chunk < parts ? from + chunk : parts);
  }
}
typedef struct { u64 seen; int index; } Start;
static void *work(void *start) {
  u64 seen = ((Start *)start)->seen; const int index = ((Start *)start)->index;
  free(start);
  for (;;) {
    u64 now;
    for (int spins = 0; (now = __atomic_load_n(&gate, __ATOMIC_ACQUIRE)) == seen || now % 2 == 0; spins++) {
      if (spins < 20000) { relax(); continue; }
      pthread_mutex_lock(&mutex);
      __atomic_fetch_add(&asleep, 1, __ATOMIC_SEQ_CST);
      while (__atomic_load_n(&gate, __ATOMIC_SEQ_CST) == now) pthread_cond_wait(&wake, &mutex);
      __atomic_fetch_sub(&asleep, 1, __ATOMIC_SEQ_CST);
      pthread_mutex_unlock(&mutex);
      spins = 0;
    }
    seen = now;
    __atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&gate, __ATOMIC_SEQ_CST) == now && index < helpers) take();
    __atomic_fetch_sub(&inside, 1, __ATOMIC_RELEASE);
  }
  return 0;
}
/* The number of threads from now on, the caller's own among them; it only grows. Returns how many there are. */
int set_threads(int count) {
  /* threads run this code until the process has ended: it may not be unloaded before */
  static void *kept; Dl_info own;
  pthread_mutex_lock(&busy);
  if (kept == 0 && dladdr((void *)work, &own)) kept = dlopen(own.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
  while (workers < count - 1) {
    pthread_t t; pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    Start *start = malloc(sizeof *start);
    if (start == 0) break;
    *start = (Start){gate, workers};
    int failed = pthread_create(&t, &attributes, work, start);
    pthread_attr_destroy(&attributes);
    if (failed) { free(start); break; }
    workers++;
  }
  int have = workers + 1;
  pthread_mutex_unlock(&busy);
  return have;
}
void parallel(Kernel k, char *m, const i64 *at, i64 count, i64 size, int threads) {
  if (threads <= 1 || workers == 0 || count <= size || pthread_mutex_trylock(&busy) != 0) { k(m, at, 0, count); return; }
  kernel = k; memory = m; places = at; parts = count; chunk = size; helpers = threads - 1;
  __atomic_store_n(&next, 0, __ATOMIC_RELAXED);
  __atomic_fetch_add(&gate, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&asleep, __ATOMIC_SEQ_CST) > 0) {
    pthread_mutex_lock(&mutex);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&mutex);
  }
  take();
  __atomic_fetch_add(&gate, 1, __ATOMIC_SEQ_CST);
  for (int spins = 0; __atomic_load_n(&inside, __ATOMIC_SEQ_CST) > 0; spins++) { if (spins < 2000) relax(); else sched_yield(); }
  pthread_mutex_unlock(&busy);
}
`;
