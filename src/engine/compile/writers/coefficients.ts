/** Written by scripts/fit-polynomials.ts, which says how: change it there. The errors are the fits' own, without rounding. */

/** (e^r − 1 − r − r²/2)/r³, |r| ≤ ln2/2; error relative to e^r − 1 (fit: 1.4e-8). Lowest power first. */
export const expTail32: readonly number[] = [
  0.1666654795408249, 0.04166685417294502, 0.008366100490093231, 0.0013898244360461831,
];

/** (e^r − 1 − r − r²/2)/r³, |r| ≤ ln2/2; error relative to e^r − 1 (fit: 5.6e-18). Lowest power first. */
export const expTail64: readonly number[] = [
  0.16666666666666685, 0.041666666666666775, 0.008333333333317632, 0.0013888888888862936,
  0.00019841269894448486, 0.00002480158734507743, 0.0000027557237005820537, 2.7557275776580727e-7,
  2.5111263372498783e-8, 2.0908725537649926e-9,
];

/** (log(1 + f) − f + f²/2)/f³, 1 + f from √½ to √2; error relative to log(1 + f) (fit: 6.4e-9). Lowest power first. */
export const logTail32: readonly number[] = [
  0.3333333134651184, -0.2500081956386566, 0.20001226663589478, -0.16623356938362122, 0.14201758801937103,
  -0.13160184025764465, 0.12761573493480682, -0.07634488493204117,
];

/** (2 artanh(s) − 2s)/s³ in z = s², |s| ≤ (√2 − 1)/(√2 + 1); error relative to 2 artanh(s) (fit: 6.3e-18). Lowest power first. */
export const artanhTail64: readonly number[] = [
  0.6666666666666666, 0.3999999999968635, 0.28571428711518226, 0.2222219934019844, 0.1818362289569953,
  0.15310574827995532, 0.14846214556672227,
];

/** (sin r − r)/r³ in z = r², |r| ≤ π/4; error relative to sin r (fit: 5.5e-9). Lowest power first. */
export const sinTail32: readonly number[] = [
  -0.16666655242443085, 0.008332177996635437, -0.00019517296459525824,
];

/** (cos r − 1 + r²/2)/r⁴ in z = r², |r| ≤ π/4; error relative to cos r (fit: 1.7e-10). Lowest power first. */
export const cosTail32: readonly number[] = [
  0.04166664555668831, -0.0013887316454201937, 0.000024433154976577498,
];

/** erf(x)/x − 1 in z = x², |x| ≤ 1; error relative to erf x (fit: 4.6e-9). Lowest power first. */
export const erfNear32: readonly number[] = [
  0.12837916612625122, -0.3761262595653534, 0.1128358542919159, -0.026853810995817184, 0.005188327748328447,
  -0.0008010193705558777, 0.00007853860734030604,
];

/** −log(erfc x) in x, 1 ≤ x ≤ 3.95; error relative to erf x (fit: 1.4e-8). Lowest power first. */
export const erfcLog32: readonly number[] = [
  -0.00018846608872991055, 1.1295802593231201, 0.633216381072998, 0.10842208564281464, -0.02521033212542534,
  0.004205282311886549, -0.0004414722207002342, 0.00002169758045056369,
];
