/* What the machine allows for W4: Adam over ten million float32 as one vectorised pass on one thread.
   gcc -O3 -march=native -fno-math-errno -o adam adam.c -lm. Speaks the protocol of protocol.mjs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIZE = 10000000 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void adam(float *restrict p, const float *restrict g, float *restrict m, float *restrict v, int step) {
  const float b1 = 0.9f, b2 = 0.999f, eps = 1e-8f;
  const float rate = (float)(1e-3 / (1 - pow(0.9, step)));
  const float scale = (float)(1 / sqrt(1 - pow(0.999, step)));
  for (long i = 0; i < SIZE; i++) {
    m[i] = b1 * m[i] + (1 - b1) * g[i];
    v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
    p[i] -= rate * m[i] / (sqrtf(v[i]) * scale + eps);
  }
}

static float *tensor(void) {
  float *x = aligned_alloc(64, SIZE * sizeof(float));
  if (x == NULL) {
    fprintf(stderr, "no memory\n");
    exit(1);
  }
  return x;
}

int main(void) {
  float *p = tensor(), *g = tensor(), *m = tensor(), *v = tensor();
  for (long i = 0; i < SIZE; i++) {
    p[i] = 1;
    g[i] = 0.01f * (float)(i % 7 - 3);
    m[i] = v[i] = 0;
  }
  int step = 0;
  while (step < 5) adam(p, g, m, v, ++step);
  printf("{\"check\": {\"p[1] after 5\": %.9g}}\n", p[1]);
  fflush(stdout);
  double seconds;
  while (scanf("%lf", &seconds) == 1) {
    int count = 0;
    double start = now(), elapsed;
    clock_t cpu = clock();
    do {
      adam(p, g, m, v, ++step);
      count++;
      elapsed = now() - start;
    } while (elapsed < seconds);
    double busy = (double)(clock() - cpu) / CLOCKS_PER_SEC;
    printf("{\"times\": {\"step\": {\"wall\": %.6f, \"cpu\": %.6f}}}\n", elapsed * 1e3 / count, busy * 1e3 / count);
    fflush(stdout);
  }
  return 0;
}
