//go:build integration

package gateway_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// servers are the HTTP servers that play the containers of pods: the gateway's connections to an address of a pod reach one of them.
type servers struct {
	mu sync.Mutex
	// at maps addresses of pods, with the port, to addresses of servers.
	at map[string]string
}

func (s *servers) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	at, found := s.at[address]
	s.mu.Unlock()
	if !found {
		return nil, fmt.Errorf("nothing listens on %s", address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, at)
}

func (s *servers) set(addresses []string, at string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, address := range addresses {
		s.at[address] = at
	}
}

// remove ends what listens on addresses.
func (s *servers) remove(addresses []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, address := range addresses {
		delete(s.at, address)
	}
}

// Headers of the pods' answers.
const (
	podHeader   = "X-Pod"
	portHeader  = "X-Port"
	protoHeader = "X-Proto"
)

// ports are those of every pod, by their names.
var ports = map[string]int32{"web": 8080, "admin": 9000}

var numbers atomic.Int64

// pod is a pod with app=web that is played.
type pod struct {
	name string
	s    *scene
	end  func()
}

// ready creates a pod that is ready, and answers on its ports in both address families.
func (s *scene) ready(name string) *pod {
	s.t.Helper()
	object := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{NodeName: "node-of-" + name, Containers: []corev1.Container{{Name: "main", Image: "none"}}},
	}
	// Kubernetes' own controller leaves out pods of nodes that do not exist.
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: object.Spec.NodeName}}
	if err := api.Create(s.t.Context(), node); err != nil && !apierrors.IsAlreadyExists(err) {
		s.t.Fatal(err)
	}
	for port, number := range ports {
		object.Spec.Containers[0].Ports = append(object.Spec.Containers[0].Ports, corev1.ContainerPort{Name: port, ContainerPort: number})
	}
	s.create(object)
	n := numbers.Add(1)
	ips := []string{fmt.Sprintf("10.1.0.%d", n), fmt.Sprintf("fd00:1::%x", n)}
	p := &pod{name: name, s: s}
	var ends []func()
	for port, number := range ports {
		server := serve(name, port)
		var addresses []string
		for _, ip := range ips {
			addresses = append(addresses, net.JoinHostPort(ip, strconv.Itoa(int(number))))
		}
		pods.set(addresses, server.Listener.Addr().String())
		ends = append(ends, func() { pods.remove(addresses); server.Close() })
	}
	p.end = sync.OnceFunc(func() {
		for _, end := range ends {
			end()
		}
	})
	s.t.Cleanup(p.end)
	object.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: ips[0], PodIPs: []corev1.PodIP{{IP: ips[0]}, {IP: ips[1]}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}},
	}
	if err := api.Status().Update(s.t.Context(), object); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// serve plays a container: it answers HTTP/1.1 and, without TLS, HTTP/2.
func serve(pod, port string) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(podHeader, pod)
		w.Header().Set(portHeader, port)
		w.Header().Set(protoHeader, r.Proto)
	}))
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	return server
}

// terminate deletes a pod as a user does. It goes on serving until finish.
func (p *pod) terminate() {
	p.s.t.Helper()
	if err := api.Delete(p.s.t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.s.namespace, Name: p.name}}); err != nil {
		p.s.t.Fatal(err)
	}
}

// finish ends the pod as the kubelet does when its containers have ended.
func (p *pod) finish() {
	p.s.t.Helper()
	p.end()
	if err := api.Delete(p.s.t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: p.s.namespace, Name: p.name}},
		client.GracePeriodSeconds(0)); err != nil {
		p.s.t.Fatal(err)
	}
}
