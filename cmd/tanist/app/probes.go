package app

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/httpserver"
)

const (
	// probeConnections is for one address too: with the host's network, others have the kubelet's.
	probeConnections = 256
	probeTimeout     = 2 * time.Second
)

// probedManager is a manager whose probes have a server that limits its connections. All checks are added before it starts.
type probedManager struct {
	manager.Manager
	live, ready *healthz.Handler
}

// withProbes returns the manager with a server of its probes. The address "0" disables the server.
func withProbes(mgr manager.Manager, address string) (manager.Manager, error) {
	probed := &probedManager{
		Manager: mgr,
		live:    &healthz.Handler{Checks: map[string]healthz.Checker{}}, ready: &healthz.Handler{Checks: map[string]healthz.Checker{}},
	}
	if cmp.Or(address, "0") == "0" {
		return probed, nil
	}
	server, err := httpserver.New(httpserver.Options{
		Name: "probes", Address: address, Handler: probed.handler(), OneRequest: true,
		Connections: probeConnections, ConnectionsEach: probeConnections, ReadTimeout: probeTimeout, WriteTimeout: probeTimeout,
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.Add(server); err != nil {
		return nil, fmt.Errorf("failed to add server for probes: %w", err)
	}
	return probed, nil
}

// handler serves all checks of a kind together, and each at a path below.
func (m *probedManager) handler() http.Handler {
	mux := http.NewServeMux()
	for path, checks := range map[string]http.Handler{"/healthz": m.live, "/readyz": m.ready} {
		mux.Handle(path, http.StripPrefix(path, checks))
		mux.Handle(path+"/", http.StripPrefix(path, checks))
	}
	return mux
}

// AddHealthzCheck implements manager.Manager.
func (m *probedManager) AddHealthzCheck(name string, check healthz.Checker) error {
	m.live.Checks[name] = check
	return nil
}

// AddReadyzCheck implements manager.Manager.
func (m *probedManager) AddReadyzCheck(name string, check healthz.Checker) error {
	m.ready.Checks[name] = check
	return nil
}
