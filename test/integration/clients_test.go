//go:build integration

package integration_test

import (
	"testing"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// newClient is an administrator's client, with a change.
func newClient(t *testing.T, change func(*rest.Config)) *kubernetes.Clientset {
	t.Helper()
	config := rest.CopyConfig(cluster)
	change(config)
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// aNode is a client with a kubelet's identity.
func aNode(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	return newClient(t, func(config *rest.Config) {
		config.Impersonate = rest.ImpersonationConfig{
			UserName: "system:node:node-of-a",
			// The last group has the right: Nodes are not authorized here.
			Groups: []string{"system:nodes", "system:authenticated", "system:masters"},
		}
	})
}

// warnings are the warnings that an API server has sent to a client.
type warnings struct{ texts []string }

// warnedClient is a client, and the warnings that it gets.
func warnedClient(t *testing.T) (*kubernetes.Clientset, *warnings) {
	t.Helper()
	got := &warnings{}
	return newClient(t, func(config *rest.Config) { config.WarningHandler = got }), got
}

// HandleWarningHeader implements rest.WarningHandler.
func (w *warnings) HandleWarningHeader(_ int, _ string, text string) { w.texts = append(w.texts, text) }
