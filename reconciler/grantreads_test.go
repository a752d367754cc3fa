package reconciler

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"

	"github.com/tanist-dev/tanist/grant/server"
)

func TestPodOf(t *testing.T) {
	cases := map[string]struct {
		change func(*authenticationv1.TokenReviewStatus)
		want   server.Pod
	}{
		"a pod's token": {
			change: func(*authenticationv1.TokenReviewStatus) {},
			want:   server.Pod{Namespace: "shop", Name: "db-0", UID: "u"},
		},
		"one that the API server does not know": {change: func(s *authenticationv1.TokenReviewStatus) { s.Authenticated = false }},
		"one for another audience": {
			change: func(s *authenticationv1.TokenReviewStatus) { s.Audiences = []string{"https://kubernetes.default.svc"} },
		},
		"one that is bound to no pod": {change: func(s *authenticationv1.TokenReviewStatus) { s.User.Extra = nil }},
		"one of a person who has a pod's name": {
			change: func(s *authenticationv1.TokenReviewStatus) { s.User.Username = "alice" },
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			status := authenticationv1.TokenReviewStatus{
				Authenticated: true, Audiences: []string{"tanist"},
				User: authenticationv1.UserInfo{
					Username: "system:serviceaccount:shop:default",
					Extra: map[string]authenticationv1.ExtraValue{
						"authentication.kubernetes.io/pod-name": {"db-0"}, "authentication.kubernetes.io/pod-uid": {"u"},
					},
				},
			}
			test.change(&status)
			got, err := podOf(&status)
			if diff := cmp.Diff(test.want, got); diff != "" || errors.Is(err, server.ErrToken) != (test.want == server.Pod{}) {
				t.Errorf("unexpected pod (-want +got), error %v:\n%s", err, diff)
			}
		})
	}
}
