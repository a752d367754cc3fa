// Package peer is how the replicas of Tanist ask each other about silent nodes, and how one on a silent node shows through the API that it
// lives.
//
// The messages need no secret: peers can veto a verdict and never make one, so a forged answer can only bring back Kubernetes' own pace.
package peer
