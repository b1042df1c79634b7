// sgd: one step of stochastic gradient descent with momentum and coupled weight decay.
// Host: Sources/Operators/SGD/SGD.swift
//
// g' = g + WEIGHT_DECAY p;  v = first step ? g' : MOMENTUM v + (1 - DAMPENING) g';
// p -= learningRate (NESTEROV ? g' + MOMENTUM v : v).
// A work-item updates ITEM_N runs of VEC parameters in a row; the last one's rest goes one by one.
#include "common/vector.clh"

#ifndef ITEM_N
#error "ITEM_N: set by RunConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RunConfiguration"
#endif
#ifndef MOMENTUM
#error "MOMENTUM: set by SGD.Problem"
#endif
#ifndef DAMPENING
#error "DAMPENING: set by SGD.Problem"
#endif
#ifndef WEIGHT_DECAY
#error "WEIGHT_DECAY: set by SGD.Problem"
#endif
#ifndef NESTEROV
#error "NESTEROV: 1 looks ahead by one step of the momentum, 0 does not"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void sgd(const __global float* restrict g, __global float* restrict p, __global float* restrict v,
         const int count, const float learningRate, const int firstStep) {
  int i = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(i + VEC * ITEM_N, count);
  for (; i + VEC <= end; i += VEC) {
    const vec_t old = load_vec(p + i);
    const vec_t gradient = load_vec(g + i) + WEIGHT_DECAY * old;
    vec_t velocity = gradient;  // the first step reads no velocity, which may be anything
    if (!firstStep) velocity = MOMENTUM * load_vec(v + i) + (1.0f - DAMPENING) * gradient;
    store_vec(v + i, velocity);
    store_vec(p + i, old - learningRate * (NESTEROV ? gradient + MOMENTUM * velocity : velocity));
  }
  for (; i < end; i++) {
    const float gradient = g[i] + WEIGHT_DECAY * p[i];
    float velocity = gradient;
    if (!firstStep) velocity = MOMENTUM * v[i] + (1.0f - DAMPENING) * gradient;
    v[i] = velocity;
    p[i] -= learningRate * (NESTEROV ? gradient + MOMENTUM * velocity : velocity);
  }
}
