package server

import (
	"fmt"
	"net/http"
	"net/netip"
)

// Pod names a pod.
type Pod struct{ Namespace, Name, UID string }

// party is who asks: an address, or a pod that has shown a token. The other one is zero.
type party struct {
	address netip.Addr
	pod     Pod
}

// remote returns the address that a request comes from.
func remote(r *http.Request) (netip.Addr, bool) {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	return address.Addr().Unmap().WithZone(""), err == nil
}

// party returns who makes a request. It answers the request itself, and returns false, if it must be refused.
func (s *Server) party(w http.ResponseWriter, r *http.Request) (party, bool) {
	address, ok := remote(r)
	asks := party{address: address}
	if token, given := bearer(r); ok && given {
		if r.TLS == nil { // whoever reads it on the way could use it: tell the user at once
			s.refuseToken(w, errNoTokens)
			return party{}, false
		}
		pod, err := s.tokens.pod(r.Context(), address, token)
		if err != nil {
			s.refuseToken(w, err)
			return party{}, false
		}
		asks = party{pod: pod} // many pods may share the address
	}
	if !ok || !s.limits.requests.Admit(asks) {
		s.metrics.refused("TooManyRequests")
		refuse(w, http.StatusTooManyRequests, "too many requests")
		return party{}, false
	}
	return asks, true
}

// mayWait reports whether another request of a party may wait, and else refuses it. The caller calls limits.end when it has waited.
func (s *Server) mayWait(w http.ResponseWriter, asks party) bool {
	if s.limits.begin(asks) {
		return true
	}
	s.metrics.refused("TooManyRequests")
	refuse(w, http.StatusTooManyRequests, "too many requests of yours wait")
	return false
}

// lookUp returns the pod that asks, as the informers have it.
func (s *Server) lookUp(asks party) (Caller, bool) {
	if asks.address.IsValid() {
		return s.cluster.CallerAt(asks.address)
	}
	return s.cluster.CallerNamed(asks.pod)
}

// unknown says why nobody is known who asks.
func (p party) unknown() string {
	if p.address.IsValid() {
		return fmt.Sprintf("the request comes from %s: want the address of exactly one pod, which is not in the host network", p.address)
	}
	return fmt.Sprintf("the token is of pod %s/%s: want one that runs in a namespace with leader Services", p.pod.Namespace, p.pod.Name)
}
