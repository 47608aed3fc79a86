#ifndef NETSUKE_H
#define NETSUKE_H
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#define NSK_API __attribute__((visibility("default")))
#else
#define NSK_API
#endif
/** The library's version as text, such as "0.1.0". Never NULL; static memory. */
NSK_API const char *nsk_version(void);
#ifdef __cplusplus
}
#endif
#endif
