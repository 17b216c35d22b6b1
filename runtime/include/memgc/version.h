// Job: the library's version, for programs that must compile against several.
#pragma once

#define MEMGC_VERSION_MAJOR 0
#define MEMGC_VERSION_MINOR 1
#define MEMGC_VERSION_PATCH 0
#define MEMGC_VERSION_STRING "0.1.0"
