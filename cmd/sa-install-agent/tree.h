/* Removing a folder with all that is in it, without following links. */
#ifndef SA_INSTALL_AGENT_TREE_H
#define SA_INSTALL_AGENT_TREE_H

/* As far as possible; a file is removed too. */
void tree_remove(const char *path);

#endif
