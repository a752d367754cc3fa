package traffic

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestURL(t *testing.T) {
	service := func(ip string, ports ...corev1.ServicePort) *corev1.Service {
		service := &corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: ip, Ports: ports}}
		service.Name = "web-leader"
		return service
	}
	tests := map[string]struct {
		service *corev1.Service
		want    string
		wantErr string
	}{
		"the first TCP port": {
			service: service("10.96.0.7", corev1.ServicePort{Port: 53, Protocol: corev1.ProtocolUDP}, corev1.ServicePort{Port: 80}),
			want:    "http://10.96.0.7:80/live",
		},
		"an IPv6 address":    {service: service("fd00::7", corev1.ServicePort{Port: 80}), want: "http://[fd00::7]:80/live"},
		"a headless Service": {service: service("None"), wantErr: "failed to find where to send traffic: Service web-leader has no ClusterIP"},
		"no TCP port": {
			service: service("10.96.0.7", corev1.ServicePort{Port: 53, Protocol: corev1.ProtocolUDP}),
			wantErr: "failed to find where to send traffic: Service web-leader has no TCP port",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := URL(test.service, "/live")
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
