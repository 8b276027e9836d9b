/* Ratings by factors of users and items, descended rating by rating, as recommenders in C print it.
 *   cc -O2 factor.c -lm -o factor && ./factor -learn_rate 0.01 -seed 1
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 300, ITEMS = 120, FACTORS = 8, TRUE_FACTORS = 4, RATINGS = 9000, HELD_OUT = 1000, ITERATIONS = 60 };

static unsigned long long state;

static double uniform(void) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(state >> 11) / 9007199254740992.0;
}

static double normal(void) {
  double u = uniform(), v = uniform();
  return sqrt(-2 * log(u + 1e-300)) * cos(2 * acos(-1) * v);
}

static double user[USERS][FACTORS], item[ITEMS][FACTORS], user_bias[USERS], item_bias[ITEMS], mean;
static int who[RATINGS + HELD_OUT], what[RATINGS + HELD_OUT];
static double rating[RATINGS + HELD_OUT];

static double error_of(int n) {
  double sum = mean + user_bias[who[n]] + item_bias[what[n]];
  for (int k = 0; k < FACTORS; k++) sum += user[who[n]][k] * item[what[n]][k];
  return rating[n] - sum;
}

static double rmse(int from, int to) {
  double sum = 0;
  for (int n = from; n < to; n++) sum += error_of(n) * error_of(n);
  return sqrt(sum / (to - from));
}

int main(int argc, char **argv) {
  double rate = 0.01, regular = 0.02;
  unsigned long seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "-learn_rate")) rate = atof(argv[i + 1]);
    if (!strcmp(argv[i], "-seed")) seed = strtoul(argv[i + 1], NULL, 10);
  }
  /* the ratings are the same for every seed */
  static double taste[USERS][TRUE_FACTORS], kind[ITEMS][TRUE_FACTORS];
  state = 42;
  for (int u = 0; u < USERS; u++) for (int k = 0; k < TRUE_FACTORS; k++) taste[u][k] = normal();
  for (int v = 0; v < ITEMS; v++) for (int k = 0; k < TRUE_FACTORS; k++) kind[v][k] = normal();
  for (int n = 0; n < RATINGS + HELD_OUT; n++) {
    who[n] = (int)(USERS * uniform());
    what[n] = (int)(ITEMS * uniform() * uniform());
    rating[n] = 3.5 + 0.4 * normal();
    for (int k = 0; k < TRUE_FACTORS; k++) rating[n] += 0.5 * taste[who[n]][k] * kind[what[n]][k];
    if (n < RATINGS) mean += rating[n] / RATINGS;
  }
  state = 1000 + seed;
  for (int u = 0; u < USERS; u++) for (int k = 0; k < FACTORS; k++) user[u][k] = 0.1 * normal();
  for (int v = 0; v < ITEMS; v++) for (int k = 0; k < FACTORS; k++) item[v][k] = 0.1 * normal();
  printf("Loading train...\tnum_rows=%d\tnum_values=%d\n#factors=%d\nlearnrate=%g\n", USERS, RATINGS, FACTORS, rate);
  for (int it = 0; it < ITERATIONS; it++) {
    for (int drawn = 0; drawn < RATINGS; drawn++) {
      int n = (int)(RATINGS * uniform()), u = who[n], v = what[n];
      double e = error_of(n);
      user_bias[u] += rate * (e - regular * user_bias[u]);
      item_bias[v] += rate * (e - regular * item_bias[v]);
      for (int k = 0; k < FACTORS; k++) {
        double a = user[u][k], b = item[v][k];
        user[u][k] += rate * (e * b - regular * a);
        item[v][k] += rate * (e * a - regular * b);
      }
    }
    printf("#Iter=%3d\tTrain=%g\tTest=%g\n", it, rmse(0, RATINGS), rmse(RATINGS, RATINGS + HELD_OUT));
    fflush(stdout);
  }
  return 0;
}
