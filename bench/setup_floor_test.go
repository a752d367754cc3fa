package bench

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/testbed"
)

func TestWhereTheFloorRuns(t *testing.T) {
	cases := map[string]struct {
		floor     bool
		from      string
		simulated bool
		want      string
		wantErr   string
	}{
		"no floor":                      {from: FloorFromPod},
		"where pods really run":         {floor: true, from: FloorFromAuto, want: FloorFromPod},
		"where they do not":             {floor: true, from: FloorFromAuto, simulated: true, want: FloorFromHost},
		"on the host, asked for":        {floor: true, from: FloorFromHost, want: FloorFromHost},
		"in a pod that would never run": {floor: true, from: FloorFromPod, simulated: true, wantErr: "--floor-from pod needs nodes that run pods: use host"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := floorFrom(Options{Floor: test.floor, FloorFrom: test.from}, testbed.Placement{Simulated: test.simulated})
			gotErr := ""
			if err != nil {
				gotErr = err.Error()
			}
			if got != test.want || gotErr != test.wantErr {
				t.Errorf("got %q, %q, want %q, %q", got, gotErr, test.want, test.wantErr)
			}
		})
	}
}

func TestTheFloorsPodHasWhatTanistHas(t *testing.T) {
	cpu := corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")}}
	tanist := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "tanist-system", Name: "tanist-1", Labels: map[string]string{"app.kubernetes.io/name": "tanist"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "tanist", Resources: cpu}}},
	}
	client := fake.NewClientset(tanist)
	s := &setup{
		opts:    Options{Floor: true, FloorFrom: FloorFromPod, Image: "image", ReadyTimeout: time.Minute},
		clients: Clients{Observe: client, Act: client, Floor: client}, printf: func(string, ...any) {},
	}
	if _, err := s.startLoop(t.Context(), "plain", "bench-floor"); err != nil {
		t.Fatal(err)
	}
	pod, err := client.CoreV1().Pods("plain").Get(t.Context(), floor.PodName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := pod.Spec.Containers[0].Resources.Requests.Cpu().String(); got != "250m" {
		t.Errorf("it asks for %s, want what Tanist's asks for", got)
	}
	account, err := client.CoreV1().ServiceAccounts("plain").Get(t.Context(), pod.Spec.ServiceAccountName, metav1.GetOptions{})
	if err != nil || !*pod.Spec.AutomountServiceAccountToken {
		t.Errorf("it has no rights: %v, %v", account, err)
	}
}

func TestAddressType(t *testing.T) {
	tests := map[string]discoveryv1.AddressType{
		"10.0.0.1": discoveryv1.AddressTypeIPv4, "fd00::1": discoveryv1.AddressTypeIPv6, "": discoveryv1.AddressTypeIPv4,
	}
	for address, want := range tests {
		if got := addressType(&corev1.Pod{Status: corev1.PodStatus{PodIP: address}}); got != want {
			t.Errorf("%q is %s, want %s", address, got, want)
		}
	}
}
