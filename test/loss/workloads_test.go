//go:build e2e

package loss

import (
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/test/env"
)

const (
	// plain is ready within about a second, and asked every second.
	plain = "plain"
	// patient is asked as rarely as Kubernetes asks by default: every ten seconds.
	patient = "patient"
	// reloading closes kept connections on SIGHUP, and proxied is behind a proxy that accepts for it.
	reloading = "reloading"
	proxied   = "proxied"
)

// workload is what the pods run.
type workload struct {
	name       string
	containers func(t *testing.T) []corev1.Container
}

func workloads() []workload {
	return []workload{
		{plain, func(*testing.T) []corev1.Container { return []corev1.Container{env.Server()} }},
		{patient, func(*testing.T) []corev1.Container {
			server := env.Server()
			server.ReadinessProbe.PeriodSeconds = 10
			return []corev1.Container{server}
		}},
		{reloading, func(t *testing.T) []corev1.Container { return ownServer(t) }},
		{proxied, func(t *testing.T) []corev1.Container { return ownServer(t, "proxy") }},
	}
}

// ownServer runs the server of this package.
func ownServer(t *testing.T, args ...string) []corev1.Container {
	t.Helper()
	t.Setenv("CGO_ENABLED", "0")
	binary, image := filepath.Join(t.TempDir(), "server"), "ghcr.io/tanist-dev/loss-server:1"
	env.Run(t, "go", "build", "-o", binary, "./server")
	env.Run(t, "tanist-cluster", "--name", filepath.Base(env.ClusterFolder()), "image", image, binary)
	server := env.Server()
	server.Image, server.Args = image, args
	return []corev1.Container{server}
}
