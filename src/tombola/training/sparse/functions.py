"""Functions of tiles: tanh, exp, ReLU, maximum, and derivatives; vectorised, NaN in is NaN out."""

from typing import Any

from llvmlite import ir

from tombola.training.sparse.vector import INT32, LANES, VECTOR, constant_vector, elementwise, multiply_add

TANH_LIMIT = 7.90531110763549805
"""Beyond it, tanh is 1 in float32."""

TANH_NUMERATOR = (
    -2.76076847742355e-16,
    2.00018790482477e-13,
    -8.60467152213735e-11,
    5.12229709037114e-08,
    1.48572235717979e-05,
    6.37261928875436e-04,
    4.89352455891786e-03,
)
TANH_DENOMINATOR = (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)
"""Coefficients of the rational minimax approximation of Eigen (MPL 2): odd powers 13 to 1 over even powers 6 to 0."""

EXP_COEFFICIENTS = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5)
"""Cephes' polynomial for (exp(r) - 1 - r) / r² on |r| ≤ ln(2) / 2."""

LOWEST_EXPONENT = -87.0
"""exp is called on differences to the largest logit; below this the result, 1e-38, is as good as 0."""


def _horner(builder: Any, x: Any, coefficients: tuple[float, ...]) -> Any:
    value = constant_vector(coefficients[0])
    for coefficient in coefficients[1:]:
        value = multiply_add(builder, value, x, constant_vector(coefficient))
    return value


def _limited(builder: Any, x: Any, low: float, high: float) -> Any:
    # both comparisons are false for NaN, which stays
    x = builder.select(builder.fcmp_ordered("<", x, constant_vector(low)), constant_vector(low), x)
    return builder.select(builder.fcmp_ordered(">", x, constant_vector(high)), constant_vector(high), x)


def _tanh(builder: Any, x: Any) -> Any:
    x = _limited(builder, x, -TANH_LIMIT, TANH_LIMIT)
    square = builder.fmul(x, x)
    numerator = builder.fmul(x, _horner(builder, square, TANH_NUMERATOR))
    return builder.fdiv(numerator, _horner(builder, square, TANH_DENOMINATOR))


def _exp(builder: Any, x: Any) -> Any:
    x = _limited(builder, x, LOWEST_EXPONENT, 88.0)
    # adding 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits
    magic = constant_vector(12582912.0)
    shifted = multiply_add(builder, x, constant_vector(1.44269504088896341), magic)
    whole = builder.fsub(shifted, magic)
    rest = multiply_add(builder, whole, constant_vector(-0.693359375), x)
    rest = multiply_add(builder, whole, constant_vector(2.12194440e-4), rest)
    series = multiply_add(builder, _horner(builder, rest, EXP_COEFFICIENTS), builder.fmul(rest, rest), rest)
    integers = ir.VectorType(INT32, LANES)
    bits = builder.shl(builder.bitcast(shifted, integers), ir.Constant(integers, [23] * LANES))
    power = builder.bitcast(builder.add(bits, ir.Constant(integers, [127 << 23] * LANES)), VECTOR)
    return multiply_add(builder, series, power, power)


def _relu(builder: Any, x: Any) -> Any:
    zero = constant_vector(0.0)
    return builder.select(builder.fcmp_ordered("<=", x, zero), zero, x)


def _maximum(builder: Any, a: Any, b: Any) -> Any:
    # b if it is larger or NaN, else a; a NaN in a stays, because no comparison with it is true
    return builder.select(builder.or_(builder.fcmp_ordered(">", b, a), builder.fcmp_unordered("uno", b, b)), b, a)


def _relu_gradient(builder: Any, gradient: Any, y: Any) -> Any:
    zero = constant_vector(0.0)
    return builder.select(builder.fcmp_ordered("<=", y, zero), zero, gradient)


def _tanh_gradient(builder: Any, gradient: Any, y: Any) -> Any:
    slope = builder.fsub(constant_vector(1.0), builder.fmul(y, y))
    return builder.fmul(gradient, slope)


def _where_equal(builder: Any, a: Any, b: Any, value: Any) -> Any:
    return builder.select(builder.fcmp_ordered("==", a, b), value, constant_vector(0.0))


def _where_different(builder: Any, a: Any, b: Any, value: Any) -> Any:
    return builder.select(builder.fcmp_ordered("==", a, b), constant_vector(0.0), value)


tanh = elementwise(_tanh, 1)
exp = elementwise(_exp, 1)
relu = elementwise(_relu, 1)
maximum = elementwise(_maximum, 2)
relu_gradient = elementwise(_relu_gradient, 2)
tanh_gradient = elementwise(_tanh_gradient, 2)
where_equal = elementwise(_where_equal, 3)
where_different = elementwise(_where_different, 3)
"""``where_equal(a, b, value)`` is value where a equals b, else 0; ``where_different`` the reverse."""
