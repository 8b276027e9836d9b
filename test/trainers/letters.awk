# Logistic regression of the next letter on the two before it, in awk; a line an epoch, with what speech people print.
#   awk -v lr=0.5 -v seed=1 -f letters.awk
function text(n,   i, s, a, b, c) {
  # a chain of twelve letters in which the two before decide most of the next
  a = 0; b = 1
  for (i = 1; i <= n; i++) {
    c = (rand() < 0.8) ? (a * 5 + b * 7 + 3) % V : int(rand() * V)
    letter[i] = c; a = b; b = c
  }
}
function visit(i, learn,   a, b, c, k, z, top, sum, p) {
  a = letter[i - 2]; b = letter[i - 1]; c = letter[i]; top = -1e300; sum = 0
  for (k = 0; k < V; k++) {
    z[k] = W[a, k] + U[b, k] + X[a, b, k]
    if (z[k] > top) top = z[k]
  }
  for (k = 0; k < V; k++) { p[k] = exp(z[k] - top); sum += p[k] }
  if (learn) for (k = 0; k < V; k++) {
    g = p[k] / sum - (k == c)
    W[a, k] -= lr * g; U[b, k] -= lr * g; X[a, b, k] -= lr * g
  }
  return log(sum) + top - z[c]
}
BEGIN {
  V = 12; N = 700; EPOCHS = 24
  srand(11); text(2 * N)
  srand(seed + 1)
  print "# vocabulary " V ", " N " training and " N " test positions"
  for (epoch = 1; epoch <= EPOCHS; epoch++) {
    nll = 0
    for (k = 1; k <= N; k++) nll += visit(3 + int(rand() * (N - 3)), 1)
    test = 0
    for (i = N + 3; i <= 2 * N; i++) test += visit(i, 0)
    printf "[%02d/%d] NLL=%.4f nats (test %.4f) PPL %.2f lr %g\n", epoch, EPOCHS, nll / N, test / (N - 2), exp(nll / N), lr
    fflush()
  }
}
