/* The version of the program, as --version prints it; formats and protocol count their own. */
#ifndef SATCHA_PROTO_VERSION_H
#define SATCHA_PROTO_VERSION_H

#define SATCHA_VERSION "0.1.0"

#endif
