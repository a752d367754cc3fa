package dataplane

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// BackendHeader is the header of an answer that names the Service of the backendRef that was chosen.
const BackendHeader = "X-Backend"

// Gateway forwards requests. It decides about each from what the reader has at that moment, and keeps connections to pods open, as gateways do.
type Gateway struct {
	key          client.ObjectKey
	reader       client.Reader
	http1, http2 *http.Transport
}

// Dial opens a connection to the address of a pod.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// New returns what forwards the requests to a Gateway. It reads objects from a cache, and connects to pods with dial.
func New(key client.ObjectKey, reader client.Reader, dial Dial) *Gateway {
	h2c := &http.Protocols{}
	h2c.SetUnencryptedHTTP2(true)
	return &Gateway{
		key: key, reader: reader,
		http1: &http.Transport{DialContext: dial}, http2: &http.Transport{DialContext: dial, Protocols: h2c},
	}
}

// ServeHTTP forwards a request. The answer is 404 without a route, 500 if the chosen backendRef is invalid, 503 if its Service has no endpoint
// that is ready (the codes of the Gateway API), and 502 if the pod does not answer.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var routes gatewayv1.HTTPRouteList
	if err := g.reader.List(r.Context(), &routes); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	m := find(g.key, routes.Items, r.Host, r.URL.Path)
	if m == nil {
		http.Error(w, "no route", http.StatusNotFound)
		return
	}
	sum := total(m.rule.BackendRefs)
	if sum == 0 {
		http.Error(w, "no backend", http.StatusInternalServerError)
		return
	}
	ref := pick(m.rule.BackendRefs, rand.Int32N(sum))
	w.Header().Set(BackendHeader, string(ref.Name))
	to, reason, err := g.resolve(r.Context(), m.route, ref)
	if err != nil || reason != gatewayv1.RouteReasonResolvedRefs {
		http.Error(w, string(reason), http.StatusInternalServerError)
		return
	}
	ready := slices.DeleteFunc(to.endpoints, func(e Endpoint) bool { return !e.Ready || e.Draining })
	if len(ready) == 0 {
		http.Error(w, "no endpoint is ready", http.StatusServiceUnavailable)
		return
	}
	g.forward(w, r, ready[rand.IntN(len(ready))], to.http2)
}

func (g *Gateway) forward(w http.ResponseWriter, r *http.Request, to Endpoint, http2 bool) {
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(request *httputil.ProxyRequest) { request.SetURL(&url.URL{Scheme: "http", Host: to.Address}) },
		Transport: g.http1,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, to.Address+": "+err.Error(), http.StatusBadGateway)
		},
	}
	if http2 {
		proxy.Transport = g.http2
	}
	proxy.ServeHTTP(w, r)
}
