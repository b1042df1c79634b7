// sgd: one step of stochastic gradient descent with momentum and coupled weight decay.
// Host: Sources/Operators/SGD/SGD.swift
//
// g' = g + WEIGHT_DECAY p;  v = first step ? g' : MOMENTUM v + (1 - DAMPENING) g';
// p -= learningRate (NESTEROV ? g' + MOMENTUM v : v).
// A work-item updates UNROLL vectors in a row; the last one also what is left over.
#include "common/vector.clh"

#ifndef COUNT
#error "COUNT: parameters in all"
#endif
#ifndef UNROLL
#error "UNROLL: vectors per work-item"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

#define SPAN (VEC * UNROLL)

inline vec_t sgd_velocity(vec_t g, vec_t v, const int firstStep) {
  return firstStep ? g : MOMENTUM * v + (1.0f - DAMPENING) * g;
}

inline vec_t sgd_direction(vec_t g, vec_t v) {
#if NESTEROV
  return g + MOMENTUM * v;
#else
  return v;
#endif
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void sgd(const __global float* restrict g, const float learningRate, const int firstStep,
         __global float* restrict p, __global float* restrict v) {
  const int start = (int)get_global_id(0) * SPAN;
  if (start >= COUNT) return;
  const int end = min(start + SPAN, COUNT);
  const int vectorEnd = start + (end - start) / VEC * VEC;
  for (int i = start; i < vectorEnd; i += VEC) {
    const vec_t old = load_vec(p + i);
    const vec_t gradient = load_vec(g + i) + WEIGHT_DECAY * old;
    const vec_t velocity = sgd_velocity(gradient, load_vec(v + i), firstStep);
    store_vec(v + i, velocity);
    store_vec(p + i, old - learningRate * sgd_direction(gradient, velocity));
  }
  for (int i = vectorEnd; i < end; i++) {
    const float gradient = g[i] + WEIGHT_DECAY * p[i];
    const float velocity = firstStep ? gradient : MOMENTUM * v[i] + (1.0f - DAMPENING) * gradient;
    v[i] = velocity;
    p[i] -= learningRate * (NESTEROV ? gradient + MOMENTUM * velocity : velocity);
  }
}
