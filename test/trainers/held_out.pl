#!/usr/bin/perl
# A small network of tanh units in Perl, by momentum. It prints what the held-out rows say after each epoch, and nothing else.
use strict;
use warnings;

my ($rate, $seed) = (0.01, 0);
while (@ARGV) {
    my ($name, $value) = (shift @ARGV, shift @ARGV);
    if ($name eq '-eta') { $rate = $value }
    elsif ($name eq '-srand') { $seed = $value }
    else { die "what is $name?\n" }
}

srand(7);
sub row {
    my @x = map { 2 * rand() - 1 } 1 .. 3;
    return [@x, sin(3 * $x[0]) + $x[1] * $x[2] + 0.1 * (rand() + rand() + rand() - 1.5)];
}
my @train = map { row() } 1 .. 300;
my @held = map { row() } 1 .. 100;

srand($seed + 1);
my $units = 12;
my @w = map { [map { 2 * rand() - 1 } 0 .. 3] } 1 .. $units;
my @v = map { (2 * rand() - 1) / sqrt($units) } 0 .. $units;
my (@dw, @dv);

sub output {
    my ($x, $h) = @_;
    my $y = $v[$units];
    for my $j (0 .. $units - 1) {
        my $u = $w[$j];
        my $z = $u->[0] * $x->[0] + $u->[1] * $x->[1] + $u->[2] * $x->[2] + $u->[3];
        $z = 30 if $z > 30;
        $z = -30 if $z < -30;
        my $e = exp(2 * $z);
        $h->[$j] = ($e - 1) / ($e + 1);
        $y += $v[$j] * $h->[$j];
    }
    return $y;
}

my ($best, $when) = (9**9**9, 0);
$| = 1;
for my $epoch (1 .. 40) {
    for (@train) {
        my $x = $train[rand @train];
        my @h;
        my $error = output($x, \@h) - $x->[3];
        for my $j (0 .. $units - 1) {
            my $back = $error * $v[$j] * (1 - $h[$j]**2);
            $dv[$j] = 0.9 * ($dv[$j] // 0) + $error * $h[$j];
            for my $k (0 .. 3) {
                $dw[$j][$k] = 0.9 * ($dw[$j][$k] // 0) + $back * ($k < 3 ? $x->[$k] : 1);
                $w[$j][$k] -= $rate * $dw[$j][$k];
            }
            $v[$j] -= $rate * $dv[$j];
        }
        $dv[$units] = 0.9 * ($dv[$units] // 0) + $error;
        $v[$units] -= $rate * $dv[$units];
    }
    my $sum = 0;
    $sum += (output($_, []) - $_->[3])**2 for @held;
    my $error = $sum / @held;
    ($best, $when) = ($error, $epoch) if $error < $best;
    printf "Epoch %d of 40: held-out squared error %.5f (best %.5f, epoch %d)\n", $epoch, $error, $best, $when;
}
