/* Copying a tree to another file system, for a move. */
#ifndef SA_FS_COPY_H
#define SA_FS_COPY_H

/* Copy from_dir/from to to_dir/to, which must not exist: files with mode, times and, for root,
 * owner; links and pipes as such; devices are refused (EINVAL). 0, or -1 with errno and a part of
 * the copy left. */
int tree_copy(int from_dir, const char *from, int to_dir, const char *to);

#endif
