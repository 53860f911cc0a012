/* SPDX-License-Identifier: GPL-3.0-or-later
   Copyright (C) 2026 the udocker authors

   Layers, decompressed and verified ahead of their use by a thread.  */

#ifndef UDOCKER_IMAGE_LAYER_STREAM_H
#define UDOCKER_IMAGE_LAYER_STREAM_H

#include <stddef.h>

struct error;
struct layer_stream;
struct unpack_layer;

/* Start to decompress the COUNT LAYERS, one after the other, in a thread that
   stays a bounded number of bytes ahead.  LAYERS must outlive the stream.
   Return 0 with *STREAM set (end it with layer_stream_free), or a negative
   errno with ERR set.  */
int layer_stream_new (const struct unpack_layer *layers, size_t count,
                      struct layer_stream **stream, struct error *err);

/* Give the next bytes of the current layer: DATA points to them until the
   next call.  Return their number; 0 at the end of the layer, the next call
   then starts with the next one; or a negative errno with ERR set when the
   layer is damaged, cannot be read, or is not what its digest says.  A
   negative value is final.  */
ptrdiff_t layer_stream_read (struct layer_stream *stream, const void **data,
                             struct error *err);

/* Set ERR to what tells WHY LAYER is damaged, or no layer at all.  Return
   -EBADMSG.  */
int layer_set_damaged (const struct unpack_layer *layer, const char *why,
                       struct error *err);

/* Stop the thread and free STREAM, which may be NULL.  */
void layer_stream_free (struct layer_stream *stream);

#endif
