<?php
/**
 * Plugin Name: Freigabe comments
 * Description: Shows the comments of Freigabe below each post, included by the server, so that they are there without JavaScript.
 * Version: 1.0.0
 * Requires at least: 6.0
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * Settings → Reading → Freigabe: the address of your Freigabe.
 */

if (!defined('ABSPATH')) {
    exit;
}

const FREIGABE_OPTION = 'freigabe_address';

/** The address of Freigabe without a slash at its end; '' where none is set. */
function freigabe_address(): string {
    return untrailingslashit((string) get_option(FREIGABE_OPTION, ''));
}

add_action('admin_init', function () {
    register_setting('reading', FREIGABE_OPTION, ['type' => 'string', 'sanitize_callback' => 'esc_url_raw', 'default' => '']);
    add_settings_field(FREIGABE_OPTION, 'Freigabe', function () {
        printf('<input type="url" class="regular-text" name="%s" value="%s" placeholder="https://kommentare.example">', esc_attr(FREIGABE_OPTION), esc_attr(freigabe_address()));
    }, 'reading');
});

/** JSON of an address of Freigabe, or null; an answer is waited for two seconds at most. */
function freigabe_get(string $address): ?string {
    $r = wp_remote_get($address, ['timeout' => 2]);
    return is_wp_error($r) || wp_remote_retrieve_response_code($r) !== 200 ? null : wp_remote_retrieve_body($r);
}

/** The section of a post: from Freigabe's server, or the loader where it does not answer. */
function freigabe_section(int $post): string {
    $base = freigabe_address();
    $url = get_permalink($post);
    // The id of an article never changes, so it is kept; the section itself never
    // is, because what was taken down must be gone at once.
    $id = get_post_meta($post, '_freigabe_id', true);
    if (!$id) {
        $found = json_decode((string) freigabe_get($base . '/api/v1/articles?url=' . rawurlencode($url)), true);
        $id = $found['id'] ?? '';
        if ($id) {
            update_post_meta($post, '_freigabe_id', $id);
        }
    }
    $section = $id ? freigabe_get($base . '/embed/articles/' . rawurlencode($id)) : null;
    if ($section !== null) {
        return $section;
    }
    return sprintf(
        '<freigabe-comments url="%1$s"><a href="%2$s/">Kommentare</a></freigabe-comments><script src="%2$s/embed.js" async></script>',
        esc_url($url),
        esc_url($base)
    );
}

add_filter('the_content', function (string $content): string {
    if (freigabe_address() === '' || !is_singular('post') || !in_the_loop() || !is_main_query()) {
        return $content;
    }
    return $content . freigabe_section(get_the_ID());
}, 20);

// WordPress's own comments make way.
add_filter('comments_open', fn ($open) => freigabe_address() === '' && $open);
