#include "packages.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "os/dirs.h"

#include <stdlib.h>
#include <string.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* xclip is beyond the reference's lists: the clipboard needs it. */
static const struct manager managers[] = {
    {
	"apt",
	"apt-get",
	WORDS("xvfb", "openbox", "xdotool", "imagemagick", "ffmpeg", "x11-xserver-utils",
	      "dbus-x11", "xauth", "xclip"),
	"fonts-dejavu-core",
	WORDS("apt-get", "update"),
	WORDS("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y"),
    },
    {
	"dnf",
	"dnf",
	WORDS("xorg-x11-server-Xvfb", "openbox", "xdotool", "ImageMagick", "ffmpeg", "xrandr",
	      "dbus-x11", "xauth", "xclip"),
	"dejavu-sans-fonts",
	NULL,
	WORDS("dnf", "install", "-y"),
    },
    {
	"apk",
	"apk",
	WORDS("xvfb", "openbox", "xdotool", "imagemagick", "ffmpeg", "xrandr", "dbus", "xauth",
	      "xclip"),
	"ttf-dejavu",
	NULL,
	WORDS("apk", "add", "--no-cache"),
    },
};

const struct manager *manager_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		if (strcmp(managers[i].name, name) == 0)
			return &managers[i];
	return NULL;
}

const struct manager *manager_detect(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		cleanup_free char *path = dirs_find_on_path(managers[i].program);
		if (path)
			return &managers[i];
	}
	return NULL;
}

static size_t count(const char *const *words)
{
	size_t n = 0;
	while (words[n])
		n++;
	return n;
}

char **manager_argv(const struct manager *manager, bool has_fonts)
{
	size_t first = count(manager->install), packages = count(manager->packages);
	char **argv = xcalloc(first + packages + 2, sizeof(*argv));
	memcpy(argv, manager->install, first * sizeof(*argv));
	memcpy(argv + first, manager->packages, packages * sizeof(*argv));
	if (has_fonts)
		argv[first + packages] = (char *)manager->font;
	return argv;
}
