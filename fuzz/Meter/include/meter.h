#pragma once

#include <stddef.h>

// Counts the bytes that the process has from malloc: the program's own malloc stands before the C
// library's.

// Begins a measurement.
void meter_start(void);

// The most bytes that were allocated at one time since the start, beyond those allocated then.
size_t meter_peak(void);
