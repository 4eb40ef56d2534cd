/* Whole trees beneath a folder descriptor; no link is followed, depth costs no descriptors. */
#ifndef SA_OS_TREE_H
#define SA_OS_TREE_H

/* Delete dir_fd/name and everything below it. 0; -1 with errno at the first thing that cannot be
 * deleted. */
int tree_remove(int dir_fd, const char *name);

#endif
