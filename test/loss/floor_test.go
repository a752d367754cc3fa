//go:build e2e

package loss

import (
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/test/env"
)

// floor is a slice that the test writes itself: no move of a leader can take less than its write takes.
type floor struct {
	client kubernetes.Interface
	slice  *discoveryv1.EndpointSlice
}

// newFloor creates the slice and its Service, on which every kube-proxy works as on a leader Service.
func newFloor(t *testing.T, client kubernetes.Interface) *floor {
	t.Helper()
	namespace := env.NewNamespace(t, client, nil)
	_, err := client.CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "floor"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	slice, err := client.DiscoveryV1().EndpointSlices(namespace).Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "floor", Labels: map[string]string{
			discoveryv1.LabelServiceName: "floor", discoveryv1.LabelManagedBy: "e2e.tanist.dev",
		}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(8080))}},
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.244.255.2"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &floor{client: client, slice: slice}
}

// write updates the slice and returns how long it took until a watch delivered it.
func (f *floor) write(t *testing.T) time.Duration {
	t.Helper()
	slices := f.client.DiscoveryV1().EndpointSlices(f.slice.Namespace)
	// The slice's own version may be from before a restart of the API server, and then is too old to watch from.
	list, err := slices.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := slices.Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Stop()
	version, _ := strconv.Atoi(f.slice.Annotations["e2e.tanist.dev/version"])
	metav1.SetMetaDataAnnotation(&f.slice.ObjectMeta, "e2e.tanist.dev/version", strconv.Itoa(version+1)) // the API drops an empty map

	f.slice.Endpoints[0].Addresses = []string{"10.244.255." + strconv.Itoa(1+version%2)}

	began := time.Now()
	arrived := make(chan time.Time, 1)
	go func() {
		for event := range seen.ResultChan() {
			if event.Type == watch.Modified {
				arrived <- time.Now()
				return
			}
		}
		close(arrived)
	}()
	updated, err := slices.Update(t.Context(), f.slice, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.slice = updated
	at, ok := <-arrived
	if !ok {
		t.Fatal("the watch on the floor's slice ended")
	}
	return at.Sub(began)
}
