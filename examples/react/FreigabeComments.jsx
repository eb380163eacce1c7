import {useEffect} from 'react'

const address = 'https://kommentare.example'

/**
 * The comments of an article, by its id in Freigabe or by its canonical URL. The
 * element loads when it comes near the screen, and ends its line to the server
 * when React takes it out; a draft outlives both.
 */
export function FreigabeComments({article, url}) {
  useEffect(() => {
    if (document.querySelector(`script[src="${address}/embed.js"]`)) return
    const script = document.createElement('script')
    script.src = `${address}/embed.js`
    document.head.append(script)
  }, [])
  // The key makes React put a new element for another article.
  return <freigabe-comments key={article || url} src={address} article={article} url={url} />
}
