/* SPDX-License-Identifier: LGPL-2.1-or-later
   Copyright (C) 2026 the udocker authors

   What compilers make of loops and assignments, where there is no libc.  */

#include <stddef.h>

void *memcpy (void *to, const void *from, size_t size);
void *memmove (void *to, const void *from, size_t size);
void *memset (void *at, int byte, size_t size);
int memcmp (const void *one, const void *other, size_t size);

void *
memcpy (void *to, const void *from, size_t size)
{
  void *start = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
  return start;
}

void *
memmove (void *to, const void *from, size_t size)
{
  char *target = to;
  const char *source = from;
  if (target <= source || target >= source + size)
    return memcpy (to, from, size);
  while (size-- > 0)
    {
      target[size] = source[size];
      __asm__ volatile("" ::: "memory"); /* or it would call itself */
    }
  return to;
}

void *
memset (void *at, int byte, size_t size)
{
  void *start = at;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(size) : "a"(byte) : "memory");
  return start;
}

int
memcmp (const void *one, const void *other, size_t size)
{
  const unsigned char *a = one, *b = other;
  for (size_t i = 0; i < size; i++)
    {
      if (a[i] != b[i])
        return a[i] < b[i] ? -1 : 1;
      __asm__ volatile("" ::: "memory");
    }
  return 0;
}
