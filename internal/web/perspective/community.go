package perspective

import (
	"net/url"
	"strings"
)

// coral begins the community ids that Coral sends: the prefix and the tenant's
// address. Its webhooks name the tenant's domain alone, so that is what counts.
const coral = "Coral:"

// communityOf is the one name of a community that its requests differ in.
func communityOf(id string) string {
	tenant, isCoral := strings.CutPrefix(id, coral)
	if !isCoral {
		return id
	}
	if u, err := url.Parse(tenant); err == nil && u.Hostname() != "" {
		tenant = u.Hostname()
	}
	host, _, _ := strings.Cut(strings.TrimRight(tenant, "/"), ":")
	return coral + strings.ToLower(host)
}

// maxCommunity bounds a community's name in bytes.
const maxCommunity = 200

func (c *common) community() (string, error) {
	if len(c.CommunityID) > maxCommunity || len(c.ClientToken) > maxCommunity*5 {
		return "", bad(invalidRequest, "community_id or client_token is too long")
	}
	return communityOf(c.CommunityID), nil
}
