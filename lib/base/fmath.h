/*
 * fmath - exp and log with the same bits on every machine.
 *
 * libm's last bit differs between CPUs (FMA variants are chosen at run time) and between releases;
 * what goes into a model must not. These use only IEEE 754 double additions, multiplications and
 * divisions in a fixed order, and are compiled without contraction. Errors below 1 ulp.
 */
#ifndef CD4ML_BASE_FMATH_H
#define CD4ML_BASE_FMATH_H

/** e to the x. 0 below -745.14, infinity above 709.79, NaN for NaN. */
double fmath_exp(double x);
/** Natural logarithm; -infinity for 0, NaN below 0. */
double fmath_log(double x);
/** 1 / (1 + exp(-x)), without overflow. */
double fmath_sigmoid(double x);

#endif
