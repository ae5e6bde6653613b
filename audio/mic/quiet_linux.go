//go:build portaudio && cgo

package mic

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>

typedef void (*alsa_handler)(const char *, int, const char *, int, const char *, ...);
typedef void (*jack_handler)(const char *);

static void alsa_says(const char *file, int line, const char *function, int err, const char *format, ...) {}
static void jack_says(const char *text) {}

// PortAudio brings these libraries with it, or does not.
static void quiet(void) {
	int (*alsa)(alsa_handler) = (int (*)(alsa_handler))dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler");
	if (alsa) alsa(alsa_says);
	const char *names[] = {"jack_set_error_function", "jack_set_info_function"};
	for (int i = 0; i < 2; i++) {
		void (*jack)(jack_handler) = (void (*)(jack_handler))dlsym(RTLD_DEFAULT, names[i]);
		if (jack) jack(jack_says);
	}
}
*/
import "C"

// quiet has ALSA and JACK keep to themselves what they did not find: dozens of
// lines on standard error, on any machine.
func quiet() { C.quiet() }
