// How many buffers the process has asked OpenCL for, whoever asked.
#pragma once

long created_buffers(void);
