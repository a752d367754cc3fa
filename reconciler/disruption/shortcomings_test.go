package disruption

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestManyShortcomingsFitIntoAnEvent(t *testing.T) {
	var ports []corev1.ServicePort
	for i := range 100 {
		ports = append(ports, corev1.ServicePort{Port: int32(i + 1), TargetPort: intstr.FromString(fmt.Sprintf("longest-port-%02d", i)), Protocol: corev1.ProtocolSCTP})
	}
	_, problem := Shortcomings(gen.ReadyPod("a1"), ports, []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4})
	if !strings.HasSuffix(problem, "; and 95 more") || len(problem) > 500 {
		t.Errorf("got %d bytes: %s", len(problem), problem)
	}
}
