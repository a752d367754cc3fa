// Package installation reads what the plugin's commands tell of Tanist itself: the tuning in force, whether Tanist is running, and whether
// its admission is authenticated. It reads with the user's own permissions, and says nothing about what the user may not read. It writes
// nothing.
package installation

import "k8s.io/client-go/kubernetes"

// Reader reads from the namespace that Tanist is installed in.
type Reader struct {
	Client    kubernetes.Interface
	Namespace string
}
