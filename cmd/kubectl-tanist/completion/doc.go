// Package completion completes command lines of the plugin in a shell: the names of Services that have opted in, of namespaces and of nodes. It reads
// with the user's own permissions, and offers nothing that they may not list. The script kubectl_complete-tanist makes kubectl ask for it.
package completion
