package server

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

// Cluster is what this replica knows of the cluster from its informers.
type Cluster interface {
	// CallerAt returns the pod that has an address, and false unless exactly one pod has it, outside the host network.
	CallerAt(address netip.Addr) (Caller, bool)
	// CallerNamed returns the pod with a name and a UID, and false if there is none.
	CallerNamed(pod Pod) (Caller, bool)
	// Replicas returns the other replicas of Tanist.
	Replicas() Replicas
}

// Reader reads a slice live: the API server must not answer from a cache.
type Reader interface {
	Read(ctx context.Context, slice types.NamespacedName) (grant.View, error)
}

// Caller is a pod that asks.
type Caller struct {
	Pod
	// Services are those that select the pod and have a leader Service, sorted by name.
	Services []Service
}

// Service is one Service with a leader, as the informers have it.
type Service struct {
	Name, LeaderService string
	// Slice is the primary slice.
	Slice types.NamespacedName
	// Leader is the name of the pod that leads, empty for nobody, and Term its term.
	Leader string
	Term   int64
	// Leads is whether the caller is that pod.
	Leads bool
}

// Replicas are the other replicas that give grants, ready or not.
type Replicas struct {
	Addresses []netip.AddrPort
	// Hidden is whether there is one that cannot be asked.
	Hidden bool
	// Left is when a replica was last seen to go, or when this one came to know of the others, if that was later. Nobody can ask one that has gone
	// for the grants that it gave.
	Left time.Time
}

// from reports whether an address is that of one of the replicas.
func (r Replicas) from(address netip.Addr) bool {
	return slices.ContainsFunc(r.Addresses, func(replica netip.AddrPort) bool { return replica.Addr() == address })
}

// The answer to GET /v1/me.
type me struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	UID       string `json:"uid"`
	// Version changes with who leads any of the Services.
	Version  string    `json:"version"`
	Services []service `json:"services"`
}

type service struct {
	Service       string `json:"service"`
	LeaderService string `json:"leaderService"`
	Leads         bool   `json:"leads"`
	Leader        string `json:"leader,omitempty"`
	Term          int64  `json:"term,omitempty"`
	// ValidForMilliseconds is for how long the caller may act as the leader, from when it sent the request. Without it, it may not.
	ValidForMilliseconds int64 `json:"validForMilliseconds,omitempty"`
	// Refused is why a leader gets no grant, and RetryAfterMilliseconds is when it is worth while to ask again.
	Refused                grant.Refusal `json:"refused,omitempty"`
	RetryAfterMilliseconds int64         `json:"retryAfterMilliseconds,omitempty"`
}

// The answer to POST /v1/me/stepdown.
type steppedDown struct {
	// Released is whether the next leader need not wait for grants of the caller.
	Released bool `json:"released"`
	// Reason is why it must wait all the same.
	Reason string `json:"reason,omitempty"`
}
