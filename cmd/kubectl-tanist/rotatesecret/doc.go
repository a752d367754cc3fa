// Package rotatesecret is the command that changes the secret by which Tanist knows the API server's calls. It writes with the rights of
// its user: Tanist itself may not change webhook configurations, because who may can have the API server call anything.
package rotatesecret
