/*
 * libarchive, loaded when an archive is at hand: it costs a process that does
 * without it more than all the rest of its start (3.8 ms). The functions have
 * the names and types of <archive.h>.
 */
#ifndef SA_OS_ARCHIVE_API_H
#define SA_OS_ARCHIVE_API_H

#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>

#define ARCHIVE_FUNCTIONS(F)                       \
	F(archive_read_new)                        \
	F(archive_read_support_filter_all)         \
	F(archive_read_support_filter_gzip)        \
	F(archive_read_support_filter_zstd)        \
	F(archive_read_support_format_tar)         \
	F(archive_read_support_format_zip)         \
	F(archive_read_support_format_empty)       \
	F(archive_read_open_fd)                    \
	F(archive_read_open)                       \
	F(archive_read_next_header)                \
	F(archive_read_data_block)                 \
	F(archive_read_data_skip)                  \
	F(archive_read_free)                       \
	F(archive_filter_bytes)                    \
	F(archive_errno)                           \
	F(archive_error_string)                    \
	F(archive_write_disk_new)                  \
	F(archive_write_disk_set_options)          \
	F(archive_write_data_block)                \
	F(archive_write_finish_entry)              \
	F(archive_write_new)                       \
	F(archive_write_set_format_pax_restricted) \
	F(archive_write_add_filter_gzip)           \
	F(archive_write_add_filter_zstd)           \
	F(archive_write_set_bytes_per_block)       \
	F(archive_write_set_bytes_in_last_block)   \
	F(archive_write_open_fd)                   \
	F(archive_write_header)                    \
	F(archive_write_data)                      \
	F(archive_write_close)                     \
	F(archive_write_free)                      \
	F(archive_entry_new)                       \
	F(archive_entry_free)                      \
	F(archive_entry_pathname)                  \
	F(archive_entry_pathname_utf8)             \
	F(archive_entry_symlink)                   \
	F(archive_entry_symlink_utf8)              \
	F(archive_entry_hardlink)                  \
	F(archive_entry_hardlink_utf8)             \
	F(archive_entry_filetype)                  \
	F(archive_entry_perm)                      \
	F(archive_entry_set_perm)                  \
	F(archive_entry_size)                      \
	F(archive_entry_size_is_set)               \
	F(archive_entry_mtime)                     \
	F(archive_entry_mtime_nsec)                \
	F(archive_entry_mtime_is_set)              \
	F(archive_entry_is_data_encrypted)         \
	F(archive_entry_copy_pathname)             \
	F(archive_entry_copy_symlink)              \
	F(archive_entry_copy_stat)                 \
	F(archive_entry_set_size)                  \
	F(archive_entry_set_uname)                 \
	F(archive_entry_set_gname)

struct archive_api {
#define ARCHIVE_MEMBER(name) __typeof__(name) *name;
	ARCHIVE_FUNCTIONS(ARCHIVE_MEMBER)
#undef ARCHIVE_MEMBER
};

/* The functions; NULL with PROBLEM_FAILED when the library is not there. */
const struct archive_api *archive_api(struct sa_error *err);

#endif
